//! What is written, told and mailed when the fold says something new.

use std::collections::BTreeSet;

use keywright_providers::notice::{Act, DisputeState, Kind};
use serde_json::json;

use super::life::{ACCOUNT, Life, at, line, until};
use crate::rules::difference::{Difference, Held, difference};
use crate::rules::fold::fold;
use crate::rules::license::{Flag, State};

/// What is stored of one sale; ids tell in which order licenses were made.
#[derive(Default)]
struct Stored(Vec<Held>);

impl Stored {
    /// Compares with the whole story so far and writes.
    fn learns(&mut self, life: &Life) -> Difference {
        let folded = fold(&life.told, &life.catalogue, ACCOUNT);
        let difference = difference(&self.0, &folded, |license| {
            let made = format!("{}@{}", license.product.id, license.slot);
            (made.clone(), format!("key of {made}"))
        });
        for held in &difference.updated {
            *self.0.iter_mut().find(|stored| stored.id == held.id).unwrap() = held.clone();
        }
        self.0.extend(difference.created.iter().cloned());
        difference
    }
}

fn actions(difference: &Difference) -> Vec<&'static str> {
    difference.history.iter().map(|entry| entry.action).collect()
}

fn mail(difference: &Difference) -> Vec<&str> {
    difference.mail.iter().map(|owed| owed.key.as_str()).collect()
}

fn yearly() -> Life {
    Life::of("interval = \"P1Y\"\nmax_activations = 2\nfeatures = [\"export\"]").paid("2026-03-05")
}

#[test]
fn a_purchase_makes_a_license_tells_of_it_and_owes_its_mail() {
    let mut stored = Stored::default();
    let new = stored.learns(&yearly());
    let held = Held {
        id: "pro@si_1/0.1".to_owned(),
        slot: "si_1/0.1".to_owned(),
        key: "key of pro@si_1/0.1".to_owned(),
        product: "pro".to_owned(),
        state: State::Active,
        starts_at: at("2026-03-05"),
        expires_at: Some(at("2027-03-05")),
        valid_until: Some(at("2027-03-06")),
        max_activations: 2,
        quantity: 1,
        features: vec!["export".to_owned()],
        flags: BTreeSet::new(),
        merged_into: None,
    };
    assert_eq!(
        (new.created.as_slice(), new.updated.as_slice()),
        ([held].as_slice(), [].as_slice())
    );
    assert_eq!(actions(&new), ["issued"]);
    let detail =
        json!({ "product": "pro", "state": "active", "expires_at": "2027-03-05T10:00:00Z" });
    assert_eq!(new.history[0].detail, detail);
    assert_eq!(mail(&new), ["license:pro@si_1/0.1:issued"]);
    assert!(stored.learns(&yearly()).is_empty(), "told again, there is nothing to do");
}

#[test]
fn a_renewal_moves_the_date_and_says_so_once() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let renewed = yearly().renewed("2027-03-05");
    let moved = stored.learns(&renewed);
    assert_eq!(actions(&moved), ["renewed"]);
    assert_eq!(
        moved.history[0].detail,
        json!({ "from": "2027-03-05T10:00:00Z", "to": "2028-03-05T10:00:00Z" })
    );
    assert_eq!(mail(&moved), ["license:pro@si_1/0.1:renewed:2028-03-05T10:00:00Z"]);
    assert_eq!(moved.mail[0].data, json!({ "previous_expires_at": "2027-03-05T10:00:00Z" }));
    let back = stored.learns(&renewed.refunded("2027-03-09", 2));
    assert_eq!((actions(&back), mail(&back)), (vec!["shortened", "flagged"], vec![]));
}

#[test]
fn who_pays_again_for_what_was_revoked_or_paused_is_told_so() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let gone = yearly().refunded("2026-03-09", 1);
    stored.learns(&gone);
    let again = stored.learns(&gone.renewed("2026-05-05"));
    assert_eq!(actions(&again)[..2], ["reinstated", "renewed"]);
    let renewed = "license:pro@si_1/0.1:renewed:2027-05-05T10:00:00Z";
    assert_eq!(mail(&again), ["license:pro@si_1/0.1:issued", renewed]);
    assert_eq!(again.mail[1].data, json!({}));

    let mut stored = Stored::default();
    let paused = yearly().happens("2026-06-05", Kind::Paused);
    stored.learns(&paused);
    let paid = paused.renewed("2027-03-05");
    let renewed = "license:pro@si_1/0.1:renewed:2028-03-05T10:00:00Z";
    assert_eq!(mail(&stored.learns(&paid)), [renewed]);
    let resumed = stored.learns(&paid.happens("2027-03-06", Kind::Resumed));
    assert_eq!(mail(&resumed), ["license:pro@si_1/0.1:issued"]);
}

#[test]
fn a_date_set_right_by_hours_is_no_renewal_to_write_home_about() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let exact = vec![until(line("si_1", "pro", 1), "2026-03-05", "2027-03-05T10:00:07Z")];
    let mut life = yearly();
    life.told.clear();
    let corrected = stored.learns(&life.paid_for("2026-03-05", exact));
    assert_eq!((actions(&corrected), mail(&corrected)), (vec!["renewed"], vec![]));
    let day_more = Act::SetExpiry { expires_at: at("2027-03-06T10:00:07Z") };
    let moved = stored.learns(&yearly().support("2026-05-05", day_more));
    assert_eq!(mail(&moved).len(), 1);
}

#[test]
fn what_never_ends_any_more_is_renewed_and_what_ends_again_is_shortened() {
    let mut stored = Stored::default();
    stored.learns(&Life::of(r#"interval = "P1Y""#).paid("2026-03-05"));
    let perpetual = Life::of("").paid("2026-03-05");
    let moved = stored.learns(&perpetual);
    assert_eq!(actions(&moved), ["renewed"]);
    assert_eq!(mail(&moved), ["license:pro@si_1/0.1:renewed:perpetual"]);
    let ended = stored.learns(&perpetual.ended("2026-04-01", "2026-04-01"));
    assert_eq!((actions(&ended), mail(&ended)), (vec!["shortened", "flagged"], vec![]));
}

#[test]
fn each_state_has_its_word() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let open = yearly().disputed("2026-03-09", 1, DisputeState::Opened);
    let suspended = stored.learns(&open);
    assert_eq!(actions(&suspended), ["suspended", "flagged"]);
    assert_eq!(suspended.history[0].detail, json!({ "from": "active", "to": "suspended" }));
    let won = stored.learns(&open.clone().disputed("2026-03-20", 1, DisputeState::Won));
    assert_eq!(actions(&won), ["reinstated", "flagged"]);
    let lost = open.disputed("2026-03-21", 1, DisputeState::Lost);
    assert_eq!(actions(&stored.learns(&lost))[..1], ["revoked"]);
    let reinstated = stored.learns(&lost.support("2026-04-01", Act::Reinstate));
    assert_eq!(actions(&reinstated)[0], "reinstated");
    let licenses = stored.0.len();
    assert_eq!(licenses, 1);
}

#[test]
fn who_was_revoked_before_his_first_mail_gets_it_when_he_is_reinstated() {
    let mut stored = Stored::default();
    let refunded = yearly().refunded("2026-03-05", 1);
    let new = stored.learns(&refunded);
    assert_eq!((actions(&new), mail(&new)), (vec!["issued"], vec![]));
    let back = stored.learns(&refunded.support("2026-03-09", Act::Reinstate));
    // Whoever writes them down leaves out the second where the first was not sent before.
    let renewed = "license:pro@si_1/0.1:renewed:2027-03-05T10:00:00Z";
    assert_eq!(mail(&back), ["license:pro@si_1/0.1:issued", renewed]);
}

#[test]
fn a_revoked_license_ends_where_it_began_and_is_not_renewed() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let gone = stored.learns(&yearly().refunded("2026-03-09", 1));
    assert_eq!(
        (actions(&gone), mail(&gone)),
        (vec!["revoked", "shortened", "flagged"], vec!["license:pro@si_1/0.1:revoked"])
    );
    assert_eq!(stored.0[0].expires_at, Some(at("2026-03-05")));
}

#[test]
fn a_first_activation_is_no_renewal() {
    let mut stored = Stored::default();
    let bought = Life::of("interval = \"P1Y\"\nstart = \"activation\"").paid("2026-03-05");
    assert_eq!(mail(&stored.learns(&bought)).len(), 1);
    let active = stored.learns(&bought.activated("2026-05-01"));
    assert_eq!(actions(&active), ["begun"]);
    assert_eq!(active.history[0].detail, json!({ "expires_at": "2027-05-01T10:00:00Z" }));
    assert!(mail(&active).is_empty(), "the key was mailed while it waited");
}

#[test]
fn a_plan_change_names_what_was_and_what_is() {
    let shop = "[products.pro]\ninterval = \"P1Y\"\n[products.team]\nquantity = \"seats\"";
    let life = Life::in_shop(shop, &[line("si_1", "pro", 1)]).paid("2026-03-05");
    let mut stored = Stored::default();
    stored.learns(&life);
    let changed = stored.learns(&life.changed("2026-03-09", &[line("si_1", "team", 4)]));
    assert_eq!(actions(&changed), ["changed"]);
    assert_eq!(
        changed.history[0].detail,
        json!({ "product": ["pro", "team"], "quantity": [1, 4], "max_activations": [1, 4] })
    );
    assert_eq!(stored.0[0].id, "pro@si_1/0.1", "the license, and so its key, stays");
}

#[test]
fn a_flag_is_told_and_mails_nothing() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let flagged = stored.learns(&yearly().happens("2026-04-04", Kind::Canceled { at: None }));
    assert_eq!((actions(&flagged), mail(&flagged)), (vec!["flagged"], vec![]));
    assert_eq!(flagged.history[0].detail, json!({ "from": [], "to": ["canceled"] }));
    assert_eq!(stored.0[0].flags, BTreeSet::from([Flag::Canceled]));
}

#[test]
fn a_renewal_that_is_not_paid_is_written_about_once_an_episode_in_any_order() {
    let failed = "license:pro@si_1/0.1:payment_failed:2027-03-05T10:00:00Z";
    let life = yearly().happens("2027-03-05", Kind::PaymentFailed);
    let again = yearly()
        .happens("2027-03-05", Kind::PaymentFailed)
        .happens("2027-03-06", Kind::PaymentFailed);
    let mut stored = Stored::default();
    stored.learns(&yearly());
    assert_eq!(mail(&stored.learns(&life)), [failed]);
    assert!(stored.learns(&again).is_empty(), "tried again in vain: the same episode");
    let paid = stored.learns(&again.renewed("2027-03-07"));
    assert!(mail(&paid).iter().all(|key| key.contains(":renewed:")), "{paid:?}");
    // Told of all at once, or of the failure before the purchase: one name.
    assert_eq!(mail(&Stored::default().learns(&life)), ["license:pro@si_1/0.1:issued", failed]);
}

#[test]
fn a_vendor_whose_shop_writes_these_letters_itself_can_do_without() {
    let quiet = || Life::of("interval = \"P1Y\"\nnotify = []").paid("2026-03-05");
    let mut stored = Stored::default();
    stored.learns(&quiet());
    let failed = stored.learns(&quiet().happens("2027-03-05", Kind::PaymentFailed));
    assert_eq!((actions(&failed), mail(&failed)), (vec!["flagged"], vec![]));
    assert!(mail(&stored.learns(&quiet().refunded("2026-03-09", 1))).is_empty());
    assert_eq!(stored.0[0].state, State::Revoked);
}

#[test]
fn a_lost_dispute_revokes_and_no_letter_comes_after_that_of_the_bank() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let lost = stored.learns(&yearly().disputed("2026-03-09", 1, DisputeState::Lost));
    assert_eq!((stored.0[0].state, mail(&lost)), (State::Revoked, vec![]));
}

#[test]
fn a_license_that_is_told_twice_keeps_the_older_key_and_the_other_stands_for_it() {
    let first = yearly();
    let mut stored = Stored::default();
    stored.learns(&first);
    // The same purchase had come to a sale of its own, and that to a license; to which an
    // earlier key had been joined already.
    let slot = stored.0[0].slot.clone();
    let twin = |id: &str, into: Option<&str>| Held {
        id: id.to_owned(),
        slot: slot.clone(),
        key: format!("key of {id}"),
        merged_into: into.map(str::to_owned),
        ..stored.0[0].clone()
    };
    let (younger, joined) = (twin("younger", None), twin("joined", Some("younger")));
    stored.0.extend([younger, joined]);
    let merged = stored.learns(&first);
    assert_eq!(actions(&merged), ["merged", "merged"]);
    let into: Vec<Option<&str>> = stored.0.iter().map(|held| held.merged_into.as_deref()).collect();
    assert_eq!(into, [None, Some("pro@si_1/0.1"), Some("pro@si_1/0.1")]);
    assert!(stored.learns(&first).is_empty());
}

#[test]
fn under_another_name_of_its_line_it_is_the_same_license() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let named = |name: &str| keywright_providers::notice::Line {
        alias: vec!["si_1".to_owned()],
        ..line(name, "pro", 1)
    };
    let aliased = yearly().changed("2026-04-04", &[named("a_1")]);
    let renamed = stored.learns(&aliased);
    assert_eq!((renamed.created.len(), renamed.history.len()), (0, 0));
    assert_eq!((stored.0[0].id.as_str(), stored.0[0].slot.as_str()), ("pro@si_1/0.1", "a_1/0.1"));
}

#[test]
fn of_two_licenses_of_one_product_each_keeps_its_key_under_another_name() {
    let shop = "[products.pro]\ninterval = \"P1Y\"";
    let bought = |names: [&str; 2]| {
        Life::in_shop(shop, &names.map(|name| line(name, "pro", 1))).paid("2026-03-05")
    };
    let mut stored = Stored::default();
    stored.learns(&bought(["m", "n"]));
    let named = |name: &str, alias: &str| keywright_providers::notice::Line {
        alias: vec![alias.to_owned()],
        ..line(name, "pro", 1)
    };
    // The line that comes first by its new name is the second by its old.
    stored.learns(&bought(["m", "n"]).changed("2026-04-04", &[named("a", "n"), named("b", "m")]));
    let slots: Vec<(&str, &str)> =
        stored.0.iter().map(|held| (held.id.as_str(), held.slot.as_str())).collect();
    assert_eq!(slots, [("pro@m/0.1", "b/0.1"), ("pro@n/0.1", "a/0.1")]);
}

#[test]
fn what_nothing_stands_for_any_more_is_revoked_and_comes_back_with_it() {
    let shop = "[products.pro]\ninterval = \"P1Y\"\n[products.lite]\ninterval = \"P1Y\"\n\
                [products.suite]\nbundle = [\"pro\", \"lite\"]";
    let suite = Life::in_shop(shop, &[line("si_1", "suite", 1)]).paid("2026-03-05");
    let only_pro = Life::in_shop(shop, &[line("si_1", "pro", 1)]).paid("2026-03-05");
    let mut stored = Stored::default();
    stored.learns(&suite);
    let withdrawn = stored.learns(&only_pro);
    assert_eq!((actions(&withdrawn), mail(&withdrawn)), (vec!["withdrawn"], vec![]));
    assert_eq!(stored.0[1].state, State::Revoked);
    assert!(stored.learns(&only_pro).is_empty());
    assert_eq!(actions(&stored.learns(&suite)), ["reinstated"]);
    assert_eq!(stored.0.len(), 2);
}

#[test]
fn while_a_line_is_not_mapped_nothing_is_taken_away() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    let mut unmapped = yearly();
    unmapped.catalogue.items.clear();
    assert!(stored.learns(&unmapped).is_empty());
}

#[test]
fn no_license_is_given_the_id_of_another() {
    let mut stored = Stored::default();
    stored.learns(&yearly());
    stored.0[0].slot = "elsewhere/0.1".to_owned();
    stored.0[0].merged_into = Some("another".to_owned());
    let made = stored.learns(&yearly());
    assert_eq!(made.created[0].id, "pro@si_1/0.1+1");
    assert_eq!(made.created[0].slot, "si_1/0.1");
}
