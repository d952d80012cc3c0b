//! Which columns of an export mean what: found by their usual names, or named.

use std::collections::BTreeMap;
use std::str::FromStr;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    Order,
    Subscription,
    Payment,
    Email,
    Date,
    Expires,
    Status,
    Amount,
}

/// The words for them, and the usual names of such columns: letters and digits only, lower case.
const USUAL: [(Meaning, &str, &[&str]); 8] = [
    (
        Meaning::Order,
        "order",
        &[
            "order",
            "orderid",
            "orderno",
            "ordernumber",
            "ordernr",
            "orderreference",
            "orderref",
            "ordername",
            "reference",
            "saleid",
            "checkoutid",
            "checkoutsessionid",
            "receiptid",
        ],
    ),
    (
        Meaning::Subscription,
        "subscription",
        &["subscription", "subscriptionid", "subscriptionreference", "subscriptionno"],
    ),
    (
        Meaning::Payment,
        "payment",
        &[
            "payment",
            "paymentid",
            "transaction",
            "transactionid",
            "txnid",
            "invoice",
            "invoiceid",
            "invoiceno",
            "invoicenumber",
            "charge",
            "chargeid",
            "paymentintent",
            "paymentintentid",
            "id",
        ],
    ),
    (
        Meaning::Email,
        "email",
        &[
            "email",
            "emailaddress",
            "mail",
            "customeremail",
            "customeremailaddress",
            "buyeremail",
            "billingemail",
            "useremail",
        ],
    ),
    (
        Meaning::Date,
        "date",
        &[
            "date",
            "created",
            "createdat",
            "createdutc",
            "createddateutc",
            "orderdate",
            "purchasedate",
            "purchasedat",
            "paidat",
            "paidon",
            "paymentdate",
            "transactiondate",
            "saledate",
            "completedat",
            "billedat",
        ],
    ),
    (
        Meaning::Expires,
        "expires",
        &[
            "expires",
            "expiresat",
            "expireson",
            "expiry",
            "expirydate",
            "expiration",
            "expirationdate",
            "validuntil",
            "enddate",
            "periodend",
            "currentperiodend",
            "currentperiodendutc",
            "currenttermend",
            "subscriptionend",
        ],
    ),
    (Meaning::Status, "status", &["status", "orderstatus", "paymentstatus", "state"]),
    (Meaning::Amount, "amount", &["amount", "total", "ordertotal", "grandtotal", "amountpaid"]),
];

/// Columns that a person named: `order=Order No,expires=Valid to`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named(BTreeMap<Meaning, String>);

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut named = BTreeMap::new();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let form = || format!("{pair:?} is not of the form order=NAME OF THE COLUMN");
            let (word, column) = pair.split_once('=').ok_or_else(form)?;
            let word = word.trim();
            let known = USUAL.iter().find(|(_, known, _)| *known == word);
            let (meaning, ..) = known.ok_or_else(|| {
                let words: Vec<&str> = USUAL.iter().map(|(_, word, _)| *word).collect();
                format!("{word:?} is none of: {}", words.join(", "))
            })?;
            if column.trim().is_empty() {
                return Err(form());
            }
            if named.insert(*meaning, column.trim().to_owned()).is_some() {
                return Err(format!("{word} is named twice"));
            }
        }
        Ok(Self(named))
    }
}

impl Named {
    /// What the columns of these names mean, by place; the first of several that mean the same.
    ///
    /// # Errors
    /// Which named column is not there, and which are.
    pub(super) fn places(&self, columns: &[String]) -> Result<BTreeMap<Meaning, usize>, String> {
        let mut places = BTreeMap::new();
        for (meaning, word, usual) in USUAL {
            let place = match self.0.get(&meaning) {
                Some(name) => {
                    let place = columns.iter().position(|column| bare(column) == bare(name));
                    Some(place.ok_or_else(|| {
                        format!(
                            "{word}: there is no column {name:?}; there are: {}",
                            columns.join(", ")
                        )
                    })?)
                }
                // In the order of the usual names: `order` before `reference`.
                None => usual
                    .iter()
                    .find_map(|usual| columns.iter().position(|column| bare(column) == **usual)),
            };
            places.extend(place.map(|place| (meaning, place)));
        }
        Ok(places)
    }
}

/// A name without what is written now so, now so: `Created (UTC)` is `createdutc`.
fn bare(name: &str) -> String {
    let plain = name.chars().filter(|c| c.is_alphanumeric());
    plain.flat_map(char::to_lowercase).collect()
}

/// Does this word tell that no money came, or that it went back?
pub(super) fn is_unpaid(status: &str) -> bool {
    const WORDS: [&str; 22] = [
        "refunded",
        "fullyrefunded",
        "refund",
        "failed",
        "pending",
        "canceled",
        "cancelled",
        "void",
        "voided",
        "declined",
        "unpaid",
        "open",
        "draft",
        "chargeback",
        "disputed",
        "incomplete",
        "incompleteexpired",
        "uncaptured",
        "requirespaymentmethod",
        "abandoned",
        "denied",
        "reversed",
    ];
    WORDS.contains(&bare(status).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(named: &str, columns: &[&str]) -> Result<Vec<(Meaning, usize)>, String> {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        Ok(named.parse::<Named>()?.places(&columns)?.into_iter().collect())
    }

    #[test]
    fn usual_names_are_known_however_they_are_written() {
        let columns = ["ID", "Created (UTC)", "Customer E-Mail", "order_id", "Reference", "Status"];
        assert_eq!(
            places("", &columns).unwrap(),
            [
                (Meaning::Order, 3),
                (Meaning::Payment, 0),
                (Meaning::Email, 2),
                (Meaning::Date, 1),
                (Meaning::Status, 5),
            ]
        );
    }

    #[test]
    fn a_named_column_goes_before_a_usual_one_and_has_to_be_there() {
        let columns = ["Order", "Our No.", "Valid to"];
        assert_eq!(
            places("order=our no., expires=Valid to", &columns).unwrap(),
            [(Meaning::Order, 1), (Meaning::Expires, 2)]
        );
        let missing = places("expires=Ends", &columns).unwrap_err();
        assert_eq!(
            missing,
            "expires: there is no column \"Ends\"; there are: Order, Our No., Valid to"
        );
        for wrong in ["order", "order=", "colour=Red", "order=A,order=B"] {
            assert!(wrong.parse::<Named>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_not_paid_is_told_by_its_status() {
        assert!(is_unpaid("Fully refunded") && is_unpaid("CANCELED"));
        assert!(!is_unpaid("paid") && !is_unpaid("Partially refunded") && !is_unpaid(""));
    }
}
