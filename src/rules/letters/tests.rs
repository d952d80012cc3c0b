//! Letters as they arrive: in which words and language, and what nobody can make of them.

use super::*;
use crate::rules::digest::Digest;
use crate::rules::letter::{LetterData, LinkData};

fn overridden(files: &[(&str, &str)]) -> Result<Letters, Vec<BadTemplate>> {
    Letters::with(files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())))
}

fn written(
    letters: &Letters,
    template: Template,
    locale: Option<&str>,
    data: &LetterData,
) -> Letter {
    letters.write(template, locale, &data.clone().into()).unwrap()
}

fn issued(letters: &Letters, locale: Option<&str>, data: &LetterData) -> Letter {
    written(letters, Template::Issued, locale, data)
}

fn shown(letter: &Letter) -> String {
    format!("Subject: {}\n\n{}\n\n{}\n", letter.subject, letter.text, letter.html)
}

const DUTCH: [(&str, &str); 3] = [
    ("nl/issued.subject.txt", "Uw sleutel voor {{ product }}"),
    ("nl/issued.txt", "Goedendag,\n{{ key }} {{ expires_at }}"),
    ("nl/issued.html", "<p>{{ key }}</p>"),
];

#[test]
fn a_new_key_is_told_with_all_that_is_known_of_it() {
    let [full, _] = LetterData::samples();
    insta::assert_snapshot!("issued", shown(&issued(&Letters::built_in(), None, &full)));
}

#[test]
fn a_renewal_tells_the_new_end_and_the_old() {
    let [full, _] = LetterData::samples();
    let letter = written(&Letters::built_in(), Template::Renewed, None, &full);
    insta::assert_snapshot!("renewed", shown(&letter));
}

#[test]
fn a_perpetual_license_of_somebody_unknown_says_that_it_has_no_end() {
    let [_, bare] = LetterData::samples();
    insta::assert_snapshot!(issued(&Letters::built_in(), None, &bare).text, @r"
    Hello,

    thank you for choosing Acme Pro. This is your activation key:

        ACME-7K2QX-9M4TB-H3WVN-R8DZC-5FJ6P

    Please keep it: you enter it once on each computer.

    Valid from:   2026-01-31 10:00 UTC
    Valid until:  no end, this license is perpetual
    Computers:    1

    Questions? Just answer this mail.

    Acme Licensing
    ");
}

#[test]
fn a_license_that_waits_for_its_activation_names_no_day() {
    let [_, bare] = LetterData::samples();
    let letter = issued(&Letters::built_in(), None, &LetterData { pending: true, ..bare.clone() });
    assert!(letter.text.contains("Valid from:   the first activation\n"), "{}", letter.text);
    assert!(!letter.text.contains("UTC") && !letter.text.contains("perpetual"));
    assert!(!letter.html.contains("UTC") && !letter.html.contains("perpetual"));
}

#[test]
fn a_trial_is_called_one() {
    let [full, _] = LetterData::samples();
    let letter = issued(&Letters::built_in(), None, &LetterData { trial: true, ..full.clone() });
    assert_eq!(letter.subject, "Your trial key for Acme Pro");
    assert!(letter.text.contains("your trial of Acme Pro is ready"), "{}", letter.text);
}

#[test]
fn what_a_buyer_wrote_is_text_and_nothing_else() {
    let [full, _] = LetterData::samples();
    let hostile = LetterData {
        customer: Some("<script>alert(1)</script>\r\nBcc: all@example.com".to_owned()),
        company: Some("\u{202e}{{ key }} https://evil.example/login".to_owned()),
        order: Some("x".repeat(10_240)),
        ..full
    };
    let letter = issued(&Letters::built_in(), None, &hostile);
    insta::assert_snapshot!("hostile", shown(&letter));
    assert!(!letter.html.contains("<script") && !letter.text.contains("Ada"));
    assert!(!shown(&letter).contains("://evil") && !shown(&letter).contains('\u{202e}'));
    assert!(letter.text.len() < 1_000, "bounded: {}", letter.text.len());
}

#[test]
fn a_subject_is_one_bounded_line_without_the_buyer() {
    let [full, _] = LetterData::samples();
    let letters = overridden(&[("issued.subject.txt", "{{ product }}{{ customer }}\n\nno more")]);
    let data = LetterData { product: format!("A\r\nBcc: b{}", "x".repeat(999)), ..full };
    let subject = issued(&letters.unwrap(), None, &data).subject;
    assert!(subject.starts_with("A Bcc: bxxx") && !subject.contains("Ada"), "{subject}");
    assert_eq!(subject.chars().count(), SUBJECT_CHARS + 1);
}

#[test]
fn every_letter_is_written_in_four_languages() {
    let [full, _] = LetterData::samples();
    for language in ["en", "de", "fr", "es"] {
        let letter = |template| {
            let letter = written(&Letters::built_in(), template, Some(language), &full);
            assert!(letter.html.contains(&full.key) && letter.text.contains(&full.key));
            assert!(letter.html.contains("<html lang=\"") && !letter.html.contains("{{"));
            assert!(letter.html.contains(&format!("lang=\"{language}\"")));
            format!("Subject: {}\n\n{}", letter.subject, letter.text)
        };
        let others = [Template::Alert, Template::MyLink];
        let of_licenses = Template::ALL.into_iter().filter(|name| !others.contains(name));
        let letters = of_licenses.map(letter).collect::<Vec<_>>().join("\n----\n");
        insta::assert_snapshot!(format!("in_{language}"), letters);
    }
}

fn written_link(language: &str) -> Letter {
    let matter = Matter::Link(LinkData::sample());
    Letters::built_in().write(Template::MyLink, Some(language), &matter).unwrap()
}

#[test]
fn the_link_to_the_customers_page_is_written_in_four_languages_and_stands_in_no_subject() {
    let data = LinkData::sample();
    let letters = ["en", "de", "fr", "es"].map(|language| {
        let letter = written_link(language);
        assert!(letter.text.lines().any(|line| line.trim() == data.link), "{}", letter.text);
        assert!(letter.html.contains(&format!("lang=\"{language}\"")));
        assert!(letter.html.contains("href=\"https:&#x2f;&#x2f;licenses.acme.example"));
        assert!(!letter.subject.contains("link=") && letter.text.contains("30 "));
        format!("Subject: {}\n\n{}", letter.subject, letter.text)
    });
    insta::assert_snapshot!("my_link", letters.join("\n----\n"));
    let leaky = [("my_link.subject.txt", "{{ link }}")];
    let faults = overridden(&leaky).unwrap_err();
    assert!(faults[0].message.contains("there are minutes, vendor, support"), "{}", faults[0]);
    assert_eq!(format!("{data:?}"), "LinkData(hidden)");
}

#[test]
fn the_digest_is_written_in_four_languages_and_tells_what_how_many_and_where() {
    for language in ["en", "de", "fr", "es"] {
        let written = |digest: Digest| {
            let matter = Matter::Alert(digest);
            let letter =
                Letters::built_in().write(Template::Alert, Some(language), &matter).unwrap();
            assert!(letter.html.contains(&format!("lang=\"{language}\"")));
            letter
        };
        let [trouble, well] = Digest::samples().map(written);
        for part in [&trouble.text, &trouble.html] {
            for told in ["unknown_product", "purchase_unknown", "1000+", "crm", "2027"] {
                assert!(part.contains(told), "{language}: {told} is not in {part}");
            }
        }
        let link = "https://licenses.acme.example/console/events?status=failed&account=shop";
        assert!(trouble.text.contains(link), "{}", trouble.text);
        assert!(!well.text.contains("shop") && well.subject != trouble.subject);
        let all = format!(
            "Subject: {}\n\n{}\n----\nSubject: {}\n\n{}",
            trouble.subject, trouble.text, well.subject, well.text
        );
        insta::assert_snapshot!(format!("alert_in_{language}"), all);
    }
}

#[test]
fn what_ends_by_itself_is_told_with_its_reason() {
    let [full, _] = LetterData::samples();
    let letters = Letters::built_in();
    let trial = LetterData { trial: true, ..full.clone() };
    let ends = written(&letters, Template::Remind, Some("fr"), &trial);
    assert_eq!(ends.subject, "Votre essai de Acme Pro se termine bientôt");
    assert!(ends.text.contains("le 31 janvier 2028 à 10:00 UTC"), "{}", ends.text);
    let refunded = LetterData { refunded: true, ..full };
    let gone = written(&letters, Template::Revoked, None, &refunded);
    assert!(gone.text.contains("your payment for Acme Pro was refunded"), "{}", gone.text);
}

#[test]
fn a_letter_is_in_the_customers_language_where_there_is_one() {
    let [full, _] = LetterData::samples();
    let letters = overridden(&DUTCH).unwrap();
    for locale in ["nl", "nl-BE", "nl_BE", "NL", "nl-Latn-BE"] {
        let letter = issued(&letters, Some(locale), &full);
        assert_eq!(letter.subject, "Uw sleutel voor Acme Pro", "{locale}");
        assert!(letter.text.contains("2028-01-31 10:00 UTC"), "{}", letter.text);
    }
    for locale in [None, Some("en-GB"), Some("it"), Some(""), Some("../de"), Some("den")] {
        assert_eq!(issued(&letters, locale, &full).subject, "Your key for Acme Pro");
    }
    assert_eq!(issued(&letters, Some("de-AT"), &full).subject, "Ihr Schlüssel für Acme Pro");
    let renewed = written(&letters, Template::Renewed, Some("nl"), &full);
    assert_eq!(renewed.subject, "Your license for Acme Pro was renewed", "only one is Dutch");
}

#[test]
fn a_vendors_own_part_stands_beside_the_built_in_ones_of_its_language() {
    let [full, _] = LetterData::samples();
    let letters = overridden(&[("de/issued.subject.txt", "{{ product }}: Schlüssel")]).unwrap();
    let letter = issued(&letters, Some("de"), &full);
    assert_eq!(letter.subject, "Acme Pro: Schlüssel");
    assert!(letter.text.contains("Hier ist Ihr\nAktivierungsschlüssel"), "{}", letter.text);
}

#[test]
fn one_file_in_the_folder_takes_the_place_of_the_built_in_one() {
    let [full, _] = LetterData::samples();
    let letters = overridden(&[("issued.txt", "{{ key }} {{ public_url }}")]).unwrap();
    let letter = issued(&letters, None, &full);
    assert_eq!(letter.text, format!("{} {}", full.key, full.public_url));
    assert_eq!(letter.subject, "Your key for Acme Pro");
}

#[test]
fn a_faulty_template_is_told_before_a_customer_waits_for_it() {
    let told = |files: &[(&str, &str)]| {
        let faults = overridden(files).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told(&[("issued.txt", "Hello\n{{ custommer }}")]), @"issued.txt: undefined value (in issued.txt:2); there are product, key, starts_at, expires_at, previous_expires_at, pending, trial, refunded, max_activations, quantity, features, customer, company, order, vendor, support, public_url");
    insta::assert_snapshot!(told(&[("renewed.html", "{% if key %}")]), @"renewed.html: syntax error: unexpected end of input, expected end of block (in renewed.html:1)");
    insta::assert_snapshot!(told(&[("isued.txt", "Hello"), ("D E/issued.txt", "Hallo")]), @"
    D E/issued.txt: is no letter; there are issued, renewed, remind, payment_failed, revoked, alert, my_link, each as .subject.txt, .txt and .html, alone or in a folder named after a language, as de or pt-br
    isued.txt: is no letter; there are issued, renewed, remind, payment_failed, revoked, alert, my_link, each as .subject.txt, .txt and .html, alone or in a folder named after a language, as de or pt-br
    ");
    insta::assert_snapshot!(told(&DUTCH[..2]), @"nl/issued.html: is missing beside the other parts of issued");
}
