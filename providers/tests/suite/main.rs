//! One suite that every provider must pass, on every fixture and every sample.
//!
//! Dropping a file into `providers/<kind>/fixtures/` adds a test case; nothing here names a
//! kind. A test reports all faults of all providers at once.
//!
//! `KEYWRIGHT_BLESS=1 cargo test -p keywright-providers --test suite signed_by_the_adapter`
//! writes the signature of `Provider::sign` into the fixtures whose own is not accepted (never
//! into `vector*` and `refused.*`).

#[cfg(test)]
mod answered;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod forgery;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod life;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod scenes;
#[cfg(test)]
mod subject;
#[cfg(test)]
mod ties;
#[cfg(test)]
mod told;

#[cfg(test)]
mod tests {
    use crate::plain::{Flaw, faults_of};
    use crate::subject::{every_kind, every_provider};
    use crate::{answered, forgery, hostile, reading, registry, scenes};

    #[test]
    fn a_provider_without_a_flaw_passes() {
        assert_eq!(faults_of(None), Vec::<String>::new());
    }

    #[test]
    fn every_flaw_is_found_by_the_check_that_looks_for_it() {
        for flaw in Flaw::ALL {
            assert_ne!(faults_of(Some(flaw)), Vec::<String>::new(), "{flaw:?} passes");
        }
    }

    #[test]
    fn every_fixture_reads_as_its_snapshot() {
        every_provider(reading::snapshots);
    }

    #[test]
    fn every_fixture_signed_by_the_adapter_is_accepted() {
        every_provider(reading::own_signatures);
    }

    #[test]
    fn a_changed_bit_is_refused() {
        every_provider(forgery::changed_bits);
    }

    #[test]
    fn what_is_cut_or_grown_is_refused() {
        every_provider(forgery::cut_or_grown);
    }

    #[test]
    fn a_signature_that_is_missing_doubled_or_of_another_delivery_is_refused() {
        every_provider(forgery::missing_doubled_swapped);
    }

    #[test]
    fn another_accounts_secret_opens_nothing() {
        every_provider(forgery::foreign_secrets);
    }

    #[test]
    fn a_secret_can_be_rolled_without_a_gap() {
        every_provider(forgery::rotation);
    }

    #[test]
    fn a_signed_time_outside_the_tolerance_is_stale_on_both_sides() {
        every_provider(forgery::window);
    }

    #[test]
    fn a_frame_that_is_cut_off_is_unreadable() {
        every_provider(hostile::cut_frames);
    }

    #[test]
    fn a_spoiled_value_never_panics_nor_ties_strangers() {
        every_provider(hostile::spoiled_values);
    }

    #[test]
    fn a_spoiled_answer_of_the_api_never_panics_nor_ties_strangers() {
        every_provider(answered::spoiled_answers);
    }

    #[test]
    fn noise_never_panics() {
        every_provider(hostile::noise);
    }

    #[test]
    fn every_step_of_a_sample_life_is_signed_and_read() {
        every_provider(scenes::every_step_reads);
    }

    #[test]
    fn a_sample_purchase_covers_its_item() {
        every_provider(scenes::a_purchase_covers_its_item);
    }

    #[test]
    fn a_sample_renewal_extends_the_line_that_was_bought() {
        every_provider(scenes::a_renewal_extends_the_same_line);
    }

    #[test]
    fn sample_refunds_and_disputes_find_their_payment() {
        every_provider(scenes::money_goes_back_from_its_payment);
    }

    #[test]
    fn the_other_sample_steps_say_what_they_are() {
        every_provider(scenes::the_other_steps_say_what_they_are);
    }

    #[test]
    fn one_sample_purchase_is_one_sale_and_two_are_two() {
        every_provider(scenes::one_purchase_is_one_sale);
    }

    #[test]
    fn every_folder_is_a_registered_kind() {
        assert_eq!(registry::folders(), registry::kinds());
    }

    #[test]
    fn every_kind_says_what_is_true_of_it() {
        every_kind(registry::honest_facts);
    }
}
