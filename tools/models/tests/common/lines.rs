// SPDX-License-Identifier: GPL-2.0

//! The lines that a model shows, for tests of the names that stories use.

#![allow(dead_code)]

/// Returns the lines that `show` shows.
pub fn lines(show: impl FnOnce(iommu_models::Line<'_>)) -> Vec<String> {
    let mut lines = Vec::new();

    show(&mut |line| lines.push(line.to_string()));
    lines
}

/// Checks that each of `wanted` is a line, and that no two lines have the same name.
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
