//! Charts of bars: counts into the places of rectangles, which a template draws as SVG.

use serde::Serialize;

/// The size of a chart, in its own units; the browser scales it.
pub const WIDTH: u32 = 720;
pub const HEIGHT: u32 = 120;

/// Room for the words at the left and below.
const LEFT: f64 = 44.0;
const BELOW: f64 = 18.0;
const ABOVE: f64 = 8.0;

/// What one column of a chart stands for.
#[derive(Debug, Clone)]
pub struct Column {
    /// Below the axis, where there is room: `14:00`.
    pub label: String,
    /// As a sentence, for whoever points at it or cannot see it.
    pub told: String,
    /// From the bottom up: the class that colors it, and how many.
    pub parts: Vec<(&'static str, i64)>,
}

/// A chart, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    pub width: u32,
    pub height: u32,
    /// Of the axis, from the top.
    pub base: f64,
    pub left: f64,
    /// What the height of the whole chart means.
    pub top: i64,
    pub columns: Vec<Drawn>,
    pub labels: Vec<Label>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawn {
    pub told: String,
    /// The whole column, to be pointed at.
    pub x: f64,
    pub width: f64,
    pub parts: Vec<Rectangle>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rectangle {
    pub class: &'static str,
    pub y: f64,
    pub height: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Label {
    pub x: f64,
    pub text: String,
}

/// Draws columns of equal width. Whatever is not zero can be seen.
#[must_use]
pub fn chart(columns: &[Column]) -> Chart {
    let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
    let base = height - BELOW;
    let tallest = columns.iter().map(total).max().unwrap_or(0);
    let top = round_up(tallest);
    let count = u32::try_from(columns.len().max(1)).unwrap_or(u32::MAX);
    let step = (width - LEFT) / f64::from(count);
    let scale = (base - ABOVE) / number(top);
    let mut drawn = Vec::with_capacity(columns.len());
    let mut x = LEFT;
    for column in columns {
        let mut y = base;
        let mut parts = Vec::new();
        for (class, many) in column.parts.iter().filter(|(_, many)| *many > 0) {
            let height = (number(*many) * scale).max(1.0);
            y -= height;
            parts.push(Rectangle { class, y: tenth(y), height: tenth(height) });
        }
        let width = tenth((step - 1.0).max(1.0));
        drawn.push(Drawn { told: column.told.clone(), x: tenth(x), width, parts });
        x += step;
    }
    // About eight labels have room.
    let every = columns.len().div_ceil(8).max(1);
    let labels = columns.iter().zip(&drawn).step_by(every);
    let labels = labels.map(|(column, drawn)| Label { x: drawn.x, text: column.label.clone() });
    let labels = labels.collect();
    Chart { width: WIDTH, height: HEIGHT, base, left: LEFT, top, columns: drawn, labels }
}

fn total(column: &Column) -> i64 {
    column.parts.iter().map(|(_, many)| many.max(&0)).sum()
}

/// 1, 2 or 5 times a power of ten: what people read at a glance.
fn round_up(number: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            if power.saturating_mul(factor) >= number {
                return power.saturating_mul(factor).max(1);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Counts are far below what a float tells apart.
fn number(count: i64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(parts: &[(&'static str, i64)]) -> Column {
        Column { label: "x".to_owned(), told: String::new(), parts: parts.to_vec() }
    }

    #[test]
    fn parts_stand_on_each_other_and_end_at_the_axis() {
        let chart = chart(&[column(&[("good", 6), ("bad", 4)]), column(&[])]);
        assert_eq!(chart.top, 10);
        let [good, bad] = chart.columns[0].parts.as_slice() else { panic!("two parts") };
        assert!((good.y + good.height - chart.base).abs() < 0.2);
        assert!((bad.y + bad.height - good.y).abs() < 0.2);
        assert!((bad.y - ABOVE).abs() < 0.2, "the tallest reaches the top");
        assert!(chart.columns[1].parts.is_empty());
    }

    #[test]
    fn one_of_a_million_can_still_be_seen() {
        let chart = chart(&[column(&[("good", 1_000_000)]), column(&[("bad", 1)])]);
        assert!(chart.columns[1].parts[0].height >= 1.0);
    }

    #[test]
    fn nothing_at_all_is_a_chart_too() {
        assert_eq!(chart(&[]).top, 1);
        assert_eq!(chart(&[column(&[])]).columns.len(), 1);
    }

    #[test]
    fn the_scale_is_round() {
        for (tallest, top) in [(0, 1), (1, 1), (3, 5), (11, 20), (501, 1_000), (1_000, 1_000)] {
            assert_eq!(round_up(tallest), top);
        }
    }
}
