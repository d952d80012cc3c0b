//! The letters that come with the program: each template in each language, in three parts.

macro_rules! built_in {
    ($($folder:literal: $($template:literal)+;)+) => {
        &[$($(
            (
                concat!($folder, $template, ".subject.txt"),
                include_str!(concat!("../../../templates/mail/", $folder, $template, ".subject.txt")),
            ),
            (
                concat!($folder, $template, ".txt"),
                include_str!(concat!("../../../templates/mail/", $folder, $template, ".txt")),
            ),
            (
                concat!($folder, $template, ".html"),
                include_str!(concat!("../../../templates/mail/", $folder, $template, ".html")),
            ),
        )+)+]
    };
}

/// By file name, with the text.
pub(super) const BUILT_IN: &[(&str, &str)] = built_in! {
    "": "issued" "renewed" "remind" "payment_failed" "revoked" "alert" "my_link";
    "de/": "issued" "renewed" "remind" "payment_failed" "revoked" "alert" "my_link";
    "fr/": "issued" "renewed" "remind" "payment_failed" "revoked" "alert" "my_link";
    "es/": "issued" "renewed" "remind" "payment_failed" "revoked" "alert" "my_link";
};
