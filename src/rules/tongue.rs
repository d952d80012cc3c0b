//! The languages of the built-in letters, and how each writes a date.

use chrono::{DateTime, Datelike as _, Utc};

/// A language in which dates are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tongue {
    /// Also for languages that only a vendor's own templates speak: a date that nobody misreads.
    #[default]
    English,
    German,
    French,
    Spanish,
}

impl Tongue {
    /// That of a folder of templates: `de/`, `de-at/`; empty: the default.
    pub(super) fn of_folder(folder: &str) -> Self {
        let language = folder.split(['-', '/']).next().unwrap_or_default();
        match language {
            "de" => Self::German,
            "fr" => Self::French,
            "es" => Self::Spanish,
            _ => Self::English,
        }
    }

    /// To the minute; seconds are nobody's concern. Always with its zone.
    pub(super) fn date(self, at: DateTime<Utc>) -> String {
        let (time, day, year) = (at.format("%H:%M UTC"), at.day(), at.year());
        match self {
            Self::English => at.format("%Y-%m-%d %H:%M UTC").to_string(),
            Self::German => format!("{day}. {} {year}, {time}", month(&GERMAN, at)),
            Self::French => {
                let day = if day == 1 { "1er".to_owned() } else { day.to_string() };
                format!("{day} {} {year} à {time}", month(&FRENCH, at))
            }
            Self::Spanish => format!("{day} de {} de {year}, {time}", month(&SPANISH, at)),
        }
    }
}

type Months = [&'static str; 12];

const GERMAN: Months = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

const FRENCH: Months = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

const SPANISH: Months = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

fn month(names: &Months, at: DateTime<Utc>) -> &'static str {
    usize::try_from(at.month0()).ok().and_then(|index| names.get(index)).copied().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_a_date_in_its_own_form_and_names_the_zone() {
        let at: DateTime<Utc> = "2028-03-01T09:05:59Z".parse().unwrap();
        for (folder, text) in [
            ("", "2028-03-01 09:05 UTC"),
            ("pt-br/", "2028-03-01 09:05 UTC"),
            ("de/", "1. März 2028, 09:05 UTC"),
            ("de-at/", "1. März 2028, 09:05 UTC"),
            ("fr/", "1er mars 2028 à 09:05 UTC"),
            ("es/", "1 de marzo de 2028, 09:05 UTC"),
        ] {
            assert_eq!(Tongue::of_folder(folder).date(at), text, "{folder}");
        }
        let december: DateTime<Utc> = "2028-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(Tongue::French.date(december), "31 décembre 2028 à 23:59 UTC");
    }
}
