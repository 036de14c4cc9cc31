//! The house has only the arrows that its plan has.

use serde_json::Value;
use std::{collections::BTreeMap, process::Command};

/// What each crate may import; `testkit` besides, in tests.
const ARROWS: [(&str, &[&str]); 9] = [
    ("kernels", &[]),
    ("rng", &[]),
    ("nn", &["kernels", "rng"]),
    ("data", &["kernels", "rng"]),
    ("train", &["nn", "data"]),
    ("classifier", &["nn", "data"]),
    ("report", &["train", "classifier"]),
    ("lenet", &["kernels", "rng", "nn", "data", "train", "classifier", "report"]),
    ("testkit", &[]),
];

/// Name without the `lenet-` that crates of one registry share.
fn short(name: &str) -> &str {
    name.strip_prefix("lenet-").unwrap_or(name)
}

/// The crates of the workspace and their dependencies among each other: name, and whether only for tests.
fn arrows() -> BTreeMap<String, Vec<(String, bool)>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours = |name: &str| packages.iter().any(|package| package["name"] == name);
    let arrow = |dependency: &Value| {
        let name = dependency["name"].as_str().unwrap();
        ours(name).then(|| (short(name).to_owned(), dependency["kind"] == "dev"))
    };
    let of = |package: &Value| {
        let arrows = package["dependencies"].as_array().unwrap().iter().filter_map(arrow).collect();
        (short(package["name"].as_str().unwrap()).to_owned(), arrows)
    };
    packages.iter().map(of).collect()
}

#[test]
fn every_arrow_is_one_of_the_plan() {
    let arrows = arrows();
    assert_eq!(arrows.len(), ARROWS.len(), "a new crate needs its place in the plan: {:?}", arrows.keys());
    for (name, imports) in arrows {
        let allowed = ARROWS.iter().find(|(planned, _)| *planned == name).map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("{name} is not in the plan"));
        for (import, for_tests) in imports {
            let fits = allowed.contains(&import.as_str()) || (for_tests && import == "testkit");
            assert!(fits, "{name} must not import {import}; the plan is in ARCHITECTURE.md");
        }
    }
}
