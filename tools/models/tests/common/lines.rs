// SPDX-License-Identifier: GPL-2.0

//! What something shows, for tests of the names by which stories ask.

#![allow(dead_code)]

/// The lines that `show` has to show.
pub fn lines(show: impl FnOnce(iommu_models::Line<'_>)) -> Vec<String> {
    let mut lines = Vec::new();

    show(&mut |line| lines.push(line.to_string()));
    lines
}

/// Each of `wanted` is a line, and no two lines have the same name.
pub fn assert_shown(shown: &[String], wanted: &[&str]) {
    for line in wanted {
        assert!(shown.iter().any(|l| l == line), "{line} in {shown:#?}");
    }
    let mut names: Vec<_> = shown.iter().map(|l| l.split(' ').next()).collect();
    let n = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), n, "each name once");
}
