//! No two labels may lie on each other, and the expiry stands where the axis says it is.

use super::*;
use crate::support::life::Entry;
use crate::support::view::{LicenseView, LicenseWhole};

fn at(date: &str) -> DateTime<Utc> {
    format!("{date}T00:00:00Z").parse().unwrap()
}

fn covers(from: &str, until: Option<&str>) -> Stretch {
    Stretch { from: at(from), until: until.map(at) }
}

fn life(status: &str, expires: Option<&str>, covered: Vec<Stretch>) -> LicenseLife {
    let license = LicenseView {
        id: "0".to_owned(),
        key: "ACME".to_owned(),
        product: "acme-pro".to_owned(),
        status: status.to_owned(),
        starts_at: covered.first().map_or(at("2026-11-22"), |one| one.from),
        expires_at: expires.map(at),
        valid_until: expires.map(|end| at(end) + TimeDelta::hours(24)),
        customer: Default::default(),
        quantity: 1,
        max_activations: 1,
        activations: 0,
        sale_id: "1".to_owned(),
        order: None,
        subscription: None,
        flags: Vec::new(),
        live: true,
        account: "shop".to_owned(),
        version: 1,
    };
    LicenseLife {
        whole: LicenseWhole { license, history: Vec::new(), explanation: Vec::new() },
        standing: String::new(),
        product_name: "Acme Pro".to_owned(),
        interval: None,
        machines: Vec::new(),
        mails: Vec::new(),
        events: Vec::new(),
        events_count: 0,
        entries: Vec::new(),
        covered,
        withdrawn: Vec::new(),
        stopped: Vec::new(),
        moved: None,
    }
}

fn paid(when: DateTime<Utc>) -> Entry {
    Entry {
        at: when,
        kind: EntryKind::Paid,
        text: "in_1 covers P1M".to_owned(),
        effects: Vec::new(),
        by: None,
        reason: None,
        cause: None,
        expires_at: None,
    }
}

/// Where a label begins and ends.
fn extent(line: &Line) -> (i64, i64) {
    let length = length(&line.label);
    match line.anchor {
        "start" => (line.x, line.x + length),
        "end" => (line.x - length, line.x),
        _ => (line.x - length / 2, line.x + length / 2),
    }
}

/// What holds for every drawing.
fn sound(drawing: &Drawing) {
    for tick in drawing.ticks.windows(2) {
        let room = tick[1].x - tick[0].x;
        let needed = (length(&tick[0].label) + length(&tick[1].label)) / 2;
        assert!(room >= needed, "{tick:?}");
    }
    assert!(!drawing.ticks.is_empty());
    let mut rows: Vec<i64> = drawing.lines.iter().map(|line| line.y).collect();
    rows.dedup();
    assert_eq!(rows.len(), drawing.lines.len(), "each label has a row of its own");
    for line in &drawing.lines {
        let (from, until) = extent(line);
        assert!(from >= 0 && until <= WIDTH, "{line:?}");
    }
    for lane in &drawing.lanes {
        for bar in &lane.bars {
            assert!(bar.x >= LEFT && bar.x + bar.width <= WIDTH && bar.width > 0, "{bar:?}");
        }
        for pair in lane.marks.windows(2) {
            assert!(pair[1].x - pair[0].x >= 2 * marks::MARGIN, "{pair:?}");
        }
    }
}

fn lane<'a>(drawing: &'a Drawing, name: &str) -> &'a Lane {
    drawing.lanes.iter().find(|lane| lane.name == name).unwrap()
}

#[test]
fn the_expiry_is_where_the_covered_time_ends_and_its_day_is_said() {
    let covered =
        vec![covers("2025-11-22", Some("2026-11-22")), covers("2026-11-22", Some("2027-11-22"))];
    let drawing = draw(&life("active", Some("2027-11-22"), covered), at("2026-11-22"));
    sound(&drawing);
    let end = &drawing.lines[1];
    assert_eq!(end.label, "expires 2027-11-22");
    let covered = &lane(&drawing, "Covered").bars;
    assert_eq!(covered[1].x + covered[1].width, end.x);
    assert_eq!((covered[0].x + covered[0].width, covered[2].kind), (covered[1].x, "late"));
    assert_eq!(drawing.lines[0].x, covered[1].x, "today is the day of the renewal");
    // Half a year ahead is half of the way.
    let year = drawing.ticks.iter().find(|tick| tick.label == "2027-01").unwrap();
    assert!(year.x > drawing.lines[0].x && year.x < end.x, "{:?}", drawing.ticks);
}

#[test]
fn what_never_ends_goes_on_beyond_the_drawing() {
    let drawing = draw(&life("active", None, vec![covers("2026-01-01", None)]), at("2026-11-22"));
    sound(&drawing);
    let bar = &lane(&drawing, "Covered").bars[0];
    assert!(bar.open);
    assert_eq!(bar.title, "covered: since 2026-01-01, without an end");
    assert_eq!(drawing.lines.len(), 1, "only today");
}

#[test]
fn a_license_that_waits_shows_today_alone() {
    let drawing = draw(&life("pending", None, Vec::new()), at("2026-11-22"));
    sound(&drawing);
    assert!(drawing.lanes.is_empty());
}

#[test]
fn two_hundred_payments_are_as_readable_as_one() {
    let mut many =
        life("active", Some("2036-11-22"), vec![covers("2020-01-01", Some("2036-11-22"))]);
    many.entries = (0..200).map(|n| paid(at("2020-01-01") + TimeDelta::days(30 * n))).collect();
    let drawing = draw(&many, at("2026-11-22"));
    sound(&drawing);
    let payments = &lane(&drawing, "Payments").marks;
    assert_eq!(payments.iter().map(|mark| mark.count).sum::<usize>(), 200);
    assert!(payments.len() < 40, "{}", payments.len());
    let mut one =
        life("active", Some("2027-01-01"), vec![covers("2026-01-01", Some("2027-01-01"))]);
    one.entries = vec![paid(at("2026-01-01"))];
    let drawing = draw(&one, at("2026-11-22"));
    sound(&drawing);
    assert_eq!(lane(&drawing, "Payments").marks[0].title, "2026-01-01: in_1 covers P1M");
}

#[test]
fn every_length_of_life_has_an_axis_that_can_be_read() {
    for days in [0, 1, 3, 10, 40, 200, 400, 1_000, 4_000, 20_000, 2_000_000] {
        let end = (at("2026-01-01") + TimeDelta::days(days)).date_naive().to_string();
        let covered = vec![covers("2026-01-01", Some(&end))];
        for now in ["2026-01-01", "2026-02-01", "2031-01-01"] {
            sound(&draw(&life("active", Some(&end), covered.clone()), at(now)));
        }
    }
}

#[test]
fn a_date_at_the_end_of_all_days_is_drawn_at_the_edge() {
    let covered = vec![covers("2026-01-01", Some("9999-12-31"))];
    let drawing = draw(&life("active", Some("9999-12-31"), covered), at("2026-11-22"));
    sound(&drawing);
    assert_eq!(drawing.lines[1].label, "expires 9999-12-31 →");
    assert!(lane(&drawing, "Covered").bars[0].open);
}
