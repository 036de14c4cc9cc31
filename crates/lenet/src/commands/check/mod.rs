//! `lenet check`: what is wrong or odd with photos.

mod html;
mod labels;
mod text;

pub(crate) use text::several;

use super::open;
use crate::{
    args::CheckArgs,
    exit::Failure,
    out,
    progress::{Console, Decoding},
    resolve::{DataPlan, check_apart},
};
use data::check::check;
use train::{
    ErrorKind,
    store::{Place, write_file},
};

/// Looks, and tells.
pub(super) fn run(args: CheckArgs, console: Console) -> Result<(), Failure> {
    let plan = DataPlan::parse(&args.data)?;
    if let Some(page) = &args.html {
        check_apart(&plan, &Place::New(page.clone()), &[])?;
    }
    let data = open(&plan, args.order.order(), console)?;
    let decoding = Decoding::new(console, "check");
    let mut report = check(&data, &|split, done, all| decoding.told(split, done, all))?;
    if let Some(weights) = &args.weights {
        report.suspects = labels::find(&data, weights, args.split.as_deref(), console)?;
    }
    if let Some(page) = &args.html {
        write_file(page, html::page(&report, &data)?.as_bytes())?;
    }
    if args.json {
        let json = serde_json::to_string(&report)
            .map_err(|error| Failure::new(ErrorKind::Runtime, format!("cannot write JSON: {error}")))?;
        out::print(&format!("{json}\n"))?;
    } else {
        out::print(&text::describe(&report, args.weights.is_some()))?;
    }
    if args.strict && report.is_serious() {
        return Err(Failure::new(
            ErrorKind::BadData,
            format!(
                "{}: {} pictures cannot be read, {} are in more than one split",
                report.data,
                report.unreadable.len(),
                report.leaks
            ),
        ));
    }
    Ok(())
}
