//! A sample in the words of the account: the types that it lists, with what it tells where it looks.

use serde_json::{Map, Value, json};

use super::map::{AMOUNT, AMOUNTS, MEANINGS, PLACES, Place, REFUND_AMOUNT};
use crate::sample::{Scene, Step};

/// The type that the account lists for what this one means, where it lists some: of several the
/// first, and for a renewal the last.
pub(super) fn event_type<'a>(scene: &'a Scene, usual: &'a str) -> &'a str {
    let of = |types: &str| types.split_ascii_whitespace().any(|listed| listed == usual);
    let meaning = MEANINGS.iter().find(|(.., types)| of(types));
    let listed = meaning.and_then(|(_, setting, _)| scene.settings.get(*setting));
    let Some(listed) = listed.filter(|listed| !of(listed)) else { return usual };
    let mut types = listed.split_ascii_whitespace();
    let chosen = if scene.step == Step::Renewal { types.next_back() } else { types.next() };
    chosen.unwrap_or(usual)
}

/// What stands in the places that hold anyway, where the account looks for it, too.
pub(super) fn placed(scene: &Scene, usual_type: &str, mut body: Value) -> Value {
    if scene.setting(AMOUNTS, "minor") == "decimal"
        && let Some(amount) = body.pointer_mut("/data/amount")
    {
        *amount = json!(scene.decimal());
    }
    let found: Vec<(&str, Value)> = PLACES
        .iter()
        .filter_map(|place| {
            let set = scene.settings.get(place.setting)?;
            let goes_back = place.setting == REFUND_AMOUNT.setting && scene.step == Step::Refund;
            let usual = if goes_back { &AMOUNT } else { place };
            Some((set.split_ascii_whitespace().next()?, value(usual, usual_type, &body)?.clone()))
        })
        .collect();
    for (pointer, value) in found {
        put(&mut body, pointer, value);
    }
    body
}

fn value<'a>(place: &Place, event_type: &str, body: &'a Value) -> Option<&'a Value> {
    let word = event_type.split('.').next().unwrap_or_default();
    let own = place.own.contains(&word).then_some("/data/id");
    let mut pointers = place.pointers.split_ascii_whitespace().chain(own);
    pointers.find_map(|pointer| body.pointer(pointer).filter(|value| !value.is_null()))
}

/// Puts it there, with all that must be around it.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for name in pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")) {
        place = match name.parse::<usize>() {
            Ok(index) => {
                if !place.is_array() {
                    *place = json!([]);
                }
                let Value::Array(values) = place else { return };
                // No sender has more lines than that.
                values.resize(values.len().max(index.saturating_add(1).min(100)), Value::Null);
                let Some(inside) = values.get_mut(index) else { return };
                inside
            }
            Err(_) => {
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                let Value::Object(fields) = place else { return };
                fields.entry(name).or_insert(Value::Null)
            }
        };
    }
    *place = value;
}
