// SPDX-License-Identifier: GPL-2.0

//! The tables of the SoCs, against numbers that were taken from documents separately.

use super::board::*;
use iommu_models::tegra::{
    Swgroup, Switch,
    Variant::{
        self,
        T114,
        T124,
        T210, //
        T30,
    },
};

fn clients(variant: Variant) -> Vec<u32> {
    (0..256)
        .filter(|&id| variant.swgroup_of(id).is_some())
        .collect()
}

fn named(variant: Variant, name: &str) -> &'static Swgroup {
    let mut groups = variant.swgroups().iter();

    groups.find(|group| group.name() == name).unwrap()
}

#[test]
fn numbers_of_clients_and_swgroups() {
    for (variant, all, switched, registers) in [
        (T30, 66, 61, 16),
        (T114, 65, 58, 16),
        (T124, 67, 60, 23),
        (T210, 73, 66, 39),
    ] {
        let clients = clients(variant);
        let switches = clients
            .iter()
            .filter(|&&id| variant.swgroup_of(id).unwrap().switch() == Switch::Enable);
        let groups = variant.swgroups().iter();

        assert_eq!(switches.count(), switched, "{variant:?}");
        assert_eq!(clients.len(), all, "{variant:?}");
        assert_eq!(groups.filter(|g| g.register().is_some()).count(), registers);
    }
}

#[test]
fn every_client_is_in_one_swgroup() {
    for variant in Variant::ALL {
        let mut listed: Vec<u32> = Vec::new();

        for (number, group) in variant.swgroups().iter().enumerate() {
            assert_eq!(group.number() as usize, number);
            for &id in group.clients() {
                let found = variant.swgroup_of(id.into()).unwrap();

                assert_eq!(found.number(), group.number());
                listed.push(id.into());
            }
        }
        listed.sort();
        assert_eq!(listed, clients(variant));
        assert!(variant.swgroup_of(256).is_none() && variant.swgroup_of(!0).is_none());
    }
}

#[test]
fn swgroup_registers_have_offsets_of_their_own() {
    for variant in Variant::ALL {
        let mut offsets: Vec<_> = variant
            .swgroups()
            .iter()
            .filter_map(|g| g.register())
            .collect();
        let n = offsets.len();

        offsets.sort();
        offsets.dedup();
        assert_eq!(offsets.len(), n);
        assert!(offsets
            .iter()
            .all(|off| off % 4 == 0 && *off < variant.window()));
    }
}

/// The bits that read back after all ones were written.
#[test]
fn bits_of_clients() {
    for (variant, words) in [
        (
            T30,
            &[(0x228, 0xffff_fffe), (0x22c, 0xfcff_ff3f), (0x230, 0x3)][..],
        ),
        (
            T114,
            &[
                (0x228, 0x71ff_8e7e),
                (0x22c, 0xd8fd_ff3d),
                (0x230, 0x0033_fc03),
            ],
        ),
        (
            T124,
            &[
                (0x228, 0xf0e3_c07e),
                (0x22c, 0xf866_083c),
                (0x230, 0x04f3_7cd3),
                (0x234, 0x000c_30ff),
            ],
        ),
        (
            T210,
            &[
                (0x228, 0xf0e3_c07e),
                (0x22c, 0x3866_0800),
                (0x230, 0x04f3_7cd0),
                (0x234, 0xcf0c_30ff),
                (0xb98, 0x0000_00ff),
            ],
        ),
    ] {
        let mut b = Board::up(variant);

        for &(off, mask) in words {
            b.w(off, !0);
            assert_eq!(b.r(off), mask, "{variant:?} {off:#x}");
        }
        assert_eq!(b.errors(), 0, "all ones are no mistake");
    }
}

#[test]
fn some_of_tegra210() {
    for (name, number, register, clients) in [
        ("dc", 1, 0x240, &[1, 3, 5, 16, 90, 115][..]),
        ("dcb", 2, 0x244, &[2, 4, 6, 17]),
        ("hc", 6, 0x250, &[22, 23, 54]),
        ("vic", 22, 0x284, &[108, 109]),
        ("nvdec", 24, 0xab4, &[120, 121]),
        ("gpu", 17, 0xaac, &[88, 89, 136, 137]),
    ] {
        let group = named(T210, name);

        assert_eq!(group.number(), number);
        assert_eq!(group.register(), Some(register));
        assert_eq!(group.clients(), clients);
    }
    for name in [
        "dc1", "hc1", "nv", "nv2", "nvdec1", "ppcs1", "ppcs2", "se1", "tsec1", "tsecb1",
    ] {
        assert_eq!(named(T210, name).clients(), [], "{name}");
    }
}

#[test]
fn what_differs() {
    assert_eq!(named(T124, "vic").number(), 24);
    assert_eq!(named(T30, "sata").register(), Some(0x278));
    assert_eq!(named(T124, "sata").register(), Some(0x274));
    assert_eq!(named(T210, "sata").register(), Some(0x274));
    for (variant, names) in [
        (T30, &["ptc", "mpcorelp", "mpcore"][..]),
        (T114, &["ptc", "mpcorelp", "mpcore", "emucif"]),
        (T124, &["ptc", "mpcorelp", "mpcore"]),
        (T210, &["ptc", "mpcore"]),
    ] {
        let never = variant
            .swgroups()
            .iter()
            .filter(|g| g.switch() == Switch::Never);

        assert_eq!(never.map(|g| g.name()).collect::<Vec<_>>(), names);
    }
    assert_eq!(Variant::ALL.map(|v| v.asids()), [4, 4, 128, 128]);
    assert_eq!(
        Variant::ALL.map(|v| v.window()),
        [0x400, 0x1000, 0x1000, 0x1000]
    );
}

#[test]
fn by_compatible() {
    for (name, variant) in [
        ("nvidia,tegra30-mc", Some(T30)),
        ("nvidia,tegra114-mc", Some(T114)),
        ("nvidia,tegra124-mc", Some(T124)),
        ("nvidia,tegra132-mc", Some(T124)),
        ("nvidia,tegra210-mc", Some(T210)),
        ("nvidia,tegra20-mc", None),
        ("nvidia,tegra186-mc", None),
    ] {
        assert_eq!(Variant::from_compatible(name), variant);
    }
}
