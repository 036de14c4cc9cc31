//! Draws the validation top-1 of several runs into one picture, as `docs/why-chance.md` shows it:
//! `cargo run -p lenet-report --example val_curves -- OUT.svg 'NAME=RUN/results.csv' …`

use report::plot::{Floor, LineChart, Presence, Reference, Role, Series, XAxis, to_svg};
use std::error::Error;

/// One colour a run, in the order of the arguments.
const ROLES: [Role; 3] = [Role::Third, Role::Second, Role::First];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("usage: val_curves OUT.svg NAME=RESULTS.csv …")?;
    let series = args.zip(ROLES).map(|(arg, role)| curve(&arg, role)).collect::<Result<_, _>>()?;
    let chart = LineChart {
        title: "Validation Top-1 Accuracy".into(),
        subtitle: "LeNet5, Tiny ImageNet, 50 classes".into(),
        x: XAxis::Epochs,
        y_name: "top-1".into(),
        series,
        reference: Some(Reference { name: "chance".into(), value: 0.02 }),
        mark: None,
        floor: Floor::Zero,
    };
    std::fs::write(out, to_svg(&chart.draw()))?;
    Ok(())
}

/// `NAME=RESULTS.csv`: column 1 is the epoch, column 7 the validation top-1.
fn curve(arg: &str, role: Role) -> Result<Series, Box<dyn Error>> {
    let (name, path) = arg.split_once('=').ok_or("expected NAME=RESULTS.csv")?;
    let text = std::fs::read_to_string(path)?;
    let point = |line: &str| -> Result<(f64, f64), Box<dyn Error>> {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |i: usize| cells.get(i).copied().ok_or("a row is too short");
        Ok((cell(0)?.parse()?, cell(6)?.parse()?))
    };
    let points = text.lines().skip(1).map(point).collect::<Result<_, _>>()?;
    Ok(Series { name: name.into(), points, role, presence: Presence::Full })
}
