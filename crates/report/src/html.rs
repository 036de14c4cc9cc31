//! `report.html`: everything on one page that needs no net, no script and no other file.

use std::collections::BTreeSet;

use askama::Template;

use crate::ReportError;
use crate::compare::CompareReport;
use crate::contender::{Accuracy, Contender, Run, counted};
use crate::figures::Figure;
use crate::plot::to_svg;
use crate::published::known_model;
use crate::stats::counting_error;
use crate::table::{Table, thousands, to_html};
use crate::tables::chance_label;

/// The page as the template sees it; what is called `_html` or `svg` is markup of our own, already escaped.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    lead: String,
    cards: Vec<Card>,
    doubt: Option<String>,
    bars_svg: Option<String>,
    result_tables_html: Vec<String>,
    groups: Vec<FigureGroup<'a>>,
    seeds: bool,
    layer_tables_html: Vec<String>,
    facts: Vec<(&'a str, String)>,
    runs: Vec<RunRow<'a>>,
    classes: Option<ClassWords>,
    published: PublishedWords,
    version: &'a str,
}

/// What a contender reached, in large.
struct Card {
    title: String,
    values: Vec<CardValue>,
}

struct CardValue {
    name: &'static str,
    value: String,
    times: String,
}

struct FigureGroup<'a> {
    title: &'a str,
    figures: Vec<FigureView>,
}

struct FigureView {
    number: usize,
    svg: String,
}

struct RunRow<'a> {
    title: String,
    run: &'a Run,
    best: String,
    speed: String,
    time: String,
    links: Vec<(&'a str, String)>,
}

/// Chance in the words of the page, where all runs have the same classes.
struct ClassWords {
    count: usize,
    top1: String,
    top5: String,
    loss: String,
}

/// How much there is to say about the published figures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PublishedWords {
    /// No model of the page was published.
    Nothing,
    /// Our own runs learned; the published ones stand beside them.
    Beside,
    /// Runs by the published recipe are on the page: tell why they stay at chance.
    Repeated,
}

/// The page of a report.
///
/// # Errors
/// [`ReportError::Draw`] if the template engine fails.
pub(crate) fn page(
    report: &CompareReport,
    tables: &[Table],
    figures: &[Figure],
) -> Result<String, ReportError> {
    let contenders = report.contenders();
    let html = |layers: bool| tables.iter().filter(move |t| t.model.is_some() == layers).map(to_html);
    let bars = figures.iter().find(|f| f.number.is_none());
    let page = Page {
        title: &report.title,
        lead: lead(report, &contenders),
        cards: contenders.iter().filter_map(card).collect(),
        doubt: doubt(&contenders),
        bars_svg: bars.map(|f| to_svg(&f.drawing)),
        result_tables_html: html(false).collect(),
        groups: groups(&contenders, figures),
        seeds: contenders.iter().any(|c| c.runs.len() > 1),
        layer_tables_html: html(true).collect(),
        facts: facts(report),
        runs: contenders.iter().flat_map(run_rows).collect(),
        classes: class_words(&contenders),
        published: published_words(&contenders),
        version: &report.provenance.version,
    };
    let why = |e: askama::Error| ReportError::Draw { what: "report.html".to_owned(), why: e.to_string() };
    page.render().map_err(why)
}

fn lead(report: &CompareReport, contenders: &[Contender]) -> String {
    let models: BTreeSet<&str> = contenders.iter().map(Contender::model).collect();
    let mut parts = vec![counted(models.len(), "model"), counted(report.runs.len(), "training run")];
    let train = report.provenance.splits.iter().find(|s| s.0 == "train");
    parts.extend(train.map(|s| format!("{} training photos", thousands(s.1 as u64))));
    parts.extend(class_words(contenders).map(|c| format!("{} classes", c.count)));
    parts.extend(report.provenance.date.clone());
    parts.join(" · ")
}

fn card(contender: &Contender) -> Option<Card> {
    let value = |accuracy: Accuracy| {
        let mean = contender.test(accuracy)?.mean;
        let times = mean / accuracy.chance(contender.num_classes());
        let value = format!("{mean:.3}");
        Some(CardValue { name: accuracy.title(), value, times: format!("{times:.1} × chance") })
    };
    let values: Option<Vec<_>> = [Accuracy::Top1, Accuracy::Top5].into_iter().map(value).collect();
    Some(Card { title: contender.title.clone(), values: values? })
}

/// How far the best test figure may be off, only because the test photos are few.
fn doubt(contenders: &[Contender]) -> Option<String> {
    let tested = contenders.iter().filter_map(|c| Some((c, c.test(Accuracy::Top1)?.mean)));
    let (best, top1) = tested.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let samples = best.test_samples()?;
    let off = counting_error(top1, samples)?;
    Some(format!(
        "Counted on {} test photos, {}'s top-1 of {top1:.3} is known to about ±\u{a0}{off:.3} (95% interval). \
         Smaller differences between two models may be luck.",
        thousands(samples as u64),
        best.title,
    ))
}

fn groups<'a>(contenders: &'a [Contender], figures: &[Figure]) -> Vec<FigureGroup<'a>> {
    // `curves` draws the same number of figures for every contender, in their order.
    let curves: Vec<&Figure> = figures.iter().filter(|f| f.number.is_some()).collect();
    let per_contender = curves.len() / contenders.len().max(1);
    let views = |figures: &[&Figure]| {
        let view = |f: &&Figure| Some(FigureView { number: f.number?, svg: to_svg(&f.drawing) });
        figures.iter().filter_map(view).collect()
    };
    let chunks = curves.chunks(per_contender.max(1));
    contenders.iter().zip(chunks).map(|(c, f)| FigureGroup { title: &c.title, figures: views(f) }).collect()
}

fn facts(report: &CompareReport) -> Vec<(&str, String)> {
    let of = &report.provenance;
    let photos = |(name, count): &(String, usize)| format!("{} {name}", thousands(*count as u64));
    let mut seeds: Vec<u64> = report.runs.iter().map(|r| r.summary.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let mut facts = vec![
        ("Command", of.command.clone()),
        ("Data", of.data.clone()),
        ("Photos", of.splits.iter().map(photos).collect::<Vec<_>>().join(", ")),
        ("Seed", seeds.join(", ")),
        ("Machine", of.machine.clone()),
        ("Threads", if of.threads > 0 { of.threads.to_string() } else { String::new() }),
    ];
    facts.extend(of.more.iter().map(|(name, value)| (name.as_str(), value.clone())));
    facts.retain(|f| !f.1.is_empty());
    facts
}

fn run_rows(contender: &Contender) -> impl Iterator<Item = RunRow<'_>> {
    contender.runs.iter().map(|run| {
        let epochs = &run.summary.epochs;
        let speeds = epochs.iter().map(|e| e.images_per_sec).filter(|s| s.is_finite());
        let speed = crate::Stats::of(speeds);
        RunRow {
            title: contender.title.clone(),
            run,
            best: run.summary.best_epoch.map_or("–".to_owned(), |e| e.to_string()),
            speed: speed.map_or("–".to_owned(), |s| thousands(s.mean.round().max(0.0) as u64)),
            time: duration(run.summary.wall_secs),
            links: run.files.iter().map(|f| (f.label.as_str(), relative_link(&f.path))).collect(),
        }
    })
}

fn class_words(contenders: &[Contender]) -> Option<ClassWords> {
    let count = contenders.first()?.num_classes();
    let same = count > 1 && contenders.iter().all(|c| c.num_classes() == count);
    same.then(|| ClassWords {
        count,
        top1: chance_label(Accuracy::Top1, count),
        top5: chance_label(Accuracy::Top5, count),
        loss: format!("{:.3}", (count as f64).ln()),
    })
}

fn published_words(contenders: &[Contender]) -> PublishedWords {
    let known: Vec<_> = contenders.iter().filter(|c| known_model(c.model()).is_some()).collect();
    match known.iter().any(|c| c.recipe() == "published") {
        true => PublishedWords::Repeated,
        false if known.is_empty() => PublishedWords::Nothing,
        false => PublishedWords::Beside,
    }
}

/// `48 s`, `3 min 05 s`, `2 h 07 min`.
fn duration(secs: f64) -> String {
    let secs = if secs.is_finite() { secs.max(0.0).round() as u64 } else { 0 };
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// A path as a link that stays in this folder tree, whatever the file is called.
fn relative_link(path: &str) -> String {
    let mut link = String::from("./");
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                link.push(byte as char)
            }
            byte => link += &format!("%{byte:02X}"),
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::RunFile;
    use crate::fixture;

    fn render(report: &CompareReport) -> String {
        page(report, &report.tables(), &report.figures()).unwrap()
    }

    #[test]
    fn the_page_holds_all_tables_and_figures_and_asks_the_net_for_nothing() {
        let html = render(&fixture::report("tuned", 0..1));
        for number in ["I", "II", "III", "IV", "V"] {
            assert!(html.contains(&format!("<b>Table {number}.</b>")), "Table {number}");
        }
        assert_eq!(html.matches("<svg").count(), 10);
        for number in 2..=10 {
            assert!(html.contains(&format!("id=\"fig-{number}\"")), "figure {number}");
        }
        for outside in ["src=", "@import", "url(", "<script", "<link"] {
            assert!(!html.contains(outside), "{outside}");
        }
        let links = html.split("href=\"").skip(1);
        assert!(links.clone().count() > 9);
        assert!(links.clone().all(|l| l.starts_with('#') || l.starts_with("./")));
    }

    #[test]
    fn names_are_escaped_wherever_they_stand() {
        let mut report = fixture::report("tuned", 0..1);
        let bad = "<script>alert('x')</script>&\"";
        report.title = bad.into();
        report.provenance.command = bad.into();
        report.provenance.data = bad.into();
        report.provenance.more = vec![(bad.into(), bad.into())];
        report.models[1].model = bad.into();
        report.models[1].rows[0].name = bad.into();
        report.runs[1].summary.model = bad.into();
        report.runs[1].summary.recipe = bad.into();
        report.runs[1].name = bad.into();
        report.runs[1].files = vec![RunFile { label: bad.into(), path: "javascript:alert(\"1\")".into() }];
        let html = render(&report);
        assert!(!html.contains("<script"));
        assert!(html.contains("href=\"./javascript%3Aalert%28%221%22%29\""));
    }

    #[test]
    fn why_the_recipe_fails_is_told_to_those_who_ran_it() {
        let why = "Why the published recipe stays at chance";
        assert!(!render(&fixture::report("tuned", 0..1)).contains(why));
        assert!(render(&fixture::report("published", 0..1)).contains(why));
        let mut own = fixture::report("tuned", 0..1);
        own.runs = vec![fixture::run("mine", "tuned", 0, 3)];
        assert!(!render(&own).contains("published"));
    }

    #[test]
    fn an_empty_report_is_still_a_page() {
        let html = render(&CompareReport::default());
        assert!(html.contains("</html>"));
    }

    #[test]
    fn times_read_well() {
        let cases =
            [(0.2, "0 s"), (48.4, "48 s"), (185.0, "3 min 05 s"), (7620.0, "2 h 07 min"), (f64::NAN, "0 s")];
        for (secs, text) in cases {
            assert_eq!(duration(secs), text);
        }
    }
}
