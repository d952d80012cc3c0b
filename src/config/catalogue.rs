//! Products, bundles, and what stands on order lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Account;
use super::fault::{Key, Report, did_you_mean};
use super::section::{Table, kind, section, table};
use crate::rules::product::{Catalogue, Offer, Product, ProductSettings};

/// `[products]`, read: every one as written, and those without fault as offers.
pub(super) struct Products {
    settings: BTreeMap<String, ProductSettings>,
    offers: BTreeMap<String, Offer>,
}

/// What each item of each account means.
pub(super) type Items = BTreeMap<String, BTreeMap<String, Offer>>;

impl Products {
    pub(super) fn into_catalogue(
        self,
        items: Items,
        accounts: &BTreeMap<String, Account>,
    ) -> (BTreeMap<String, ProductSettings>, Catalogue) {
        let answered = accounts.values().filter(|account| account.provider.facts().fulfils);
        let answered = answered.map(|account| account.name.clone()).collect();
        (self.settings, Catalogue { products: self.offers, items, answered })
    }
}

/// Reads `[products]`.
pub(super) fn products(report: &mut Report<'_>) -> Products {
    let root = Key::of(&["products"]);
    let mut settings = BTreeMap::new();
    for (id, value) in table(report, &root) {
        let key = root.at(&id);
        let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if id.is_empty() || id.len() > 64 || !id.chars().all(named) {
            report.add(&key, "is no product id; write 1 to 64 letters, digits, -, _ or .");
        }
        let Value::Object(written) = value else {
            report.add(&key, format!("is {}; write a table, [{key}]", kind(&value)));
            continue;
        };
        if written.contains_key("bundle") {
            bundle_only(report, &key, &written);
        }
        settings.insert(id, section::<ProductSettings>(report, &key, written, &[]));
    }
    let mut offers = BTreeMap::new();
    for (id, product) in &settings {
        let key = root.at(id);
        let offer = match &product.bundle {
            Some(members) => bundle(report, &key, &settings, members),
            None => resolve(report, &key, id, product).map(|product| vec![product]),
        };
        offers.extend(offer.map(|offer| (id.clone(), offer)));
    }
    Products { settings, offers }
}

/// What one item on an order line buys: a product's id, one with some keys that differ, or
/// `false` for nothing of ours.
pub(super) fn offer(
    report: &mut Report<'_>,
    key: &Key,
    value: Value,
    products: &Products,
) -> Option<Offer> {
    const RIGHT: &str = "write a product's id, { product = \"id\", ... }, or false for what is \
                         no product of yours";
    let (id, id_key, own) = match value {
        Value::Bool(false) => return Some(Offer::new()),
        Value::String(text) if text == "false" && report.layers.is_variable(key) => {
            return Some(Offer::new());
        }
        Value::String(id) => (id, key.clone(), None),
        Value::Object(mut written) => match written.remove("product") {
            Some(Value::String(id)) => (id, key.at("product"), Some(written)),
            Some(other) => {
                report.add(&key.at("product"), format!("is {}; {RIGHT}", kind(&other)));
                return None;
            }
            None => {
                report.add(&key.at("product"), format!("is missing; {RIGHT}"));
                return None;
            }
        },
        other @ (Value::Null | Value::Bool(true) | Value::Number(_) | Value::Array(_)) => {
            report.add(key, format!("is {}; {RIGHT}", kind(&other)));
            return None;
        }
    };
    if !products.settings.contains_key(&id) {
        let hint = did_you_mean(&id, products.settings.keys().map(String::as_str));
        report.add(&id_key, format!("names the product {id}, which is not in [products]{hint}"));
        return None;
    }
    let offer = products.offers.get(&id);
    match own {
        None => offer.cloned(),
        Some(own) => differing(report, key, own, offer, products),
    }
}

/// The offer with the keys that stand in the mapping laid over each of its products.
fn differing(
    report: &mut Report<'_>,
    key: &Key,
    own: Table,
    offer: Option<&Offer>,
    products: &Products,
) -> Option<Offer> {
    let own: ProductSettings = section(report, key, own, &["product"]);
    if own.bundle.is_some() {
        report.add(&key.at("bundle"), "has no place here; make a bundle in [products] and name it");
        return None;
    }
    if own.remind.is_some() {
        report.add(&key.at("remind"), "has no place here; set it on the product itself");
        return None;
    }
    offer?
        .iter()
        .map(|product| {
            let below = products.settings.get(&product.id)?;
            resolve(report, key, &product.id, &own.over(below))
        })
        .collect()
}

fn resolve(
    report: &mut Report<'_>,
    key: &Key,
    id: &str,
    settings: &ProductSettings,
) -> Option<Arc<Product>> {
    match settings.resolve(id) {
        Ok(product) => Some(Arc::new(product)),
        Err(faults) => {
            for fault in faults {
                report.add(&key.at(&fault.key), fault.message);
            }
            None
        }
    }
}

fn bundle(
    report: &mut Report<'_>,
    key: &Key,
    settings: &BTreeMap<String, ProductSettings>,
    members: &[String],
) -> Option<Offer> {
    let key = key.at("bundle");
    if members.is_empty() {
        report.add(&key, "is empty; name the products that belong to it");
    }
    let mut offer = Offer::new();
    for (index, member) in members.iter().enumerate() {
        let place = key.index(index);
        match settings.get(member) {
            None => {
                let hint = did_you_mean(member, settings.keys().map(String::as_str));
                let message =
                    format!("names the product {member}, which is not in [products]{hint}");
                report.add(&place, message);
            }
            Some(product) if product.bundle.is_some() => {
                report.add(&place, format!("names {member}, a bundle itself; name its members"));
            }
            Some(_) if members.iter().take(index).any(|earlier| earlier == member) => {
                report.add(&place, format!("names {member} a second time; once is enough"));
            }
            // Its own faults are told where it stands.
            Some(product) => offer.extend(product.resolve(member).ok().map(Arc::new)),
        }
    }
    (offer.len() == members.len() && !members.is_empty()).then_some(offer)
}

/// What a bundle's licenses are like, its members say.
fn bundle_only(report: &mut Report<'_>, key: &Key, written: &Table) {
    for name in written.keys().filter(|name| !matches!(name.as_str(), "name" | "bundle")) {
        report.add(&key.at(name), "has no place in a bundle; set it on the members");
    }
}
