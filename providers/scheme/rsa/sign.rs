//! Makes RSA signatures for made-up events and the tests. `ring` makes none with SHA-1 and wants
//! chance for the others; the key here guards nothing, so plain arithmetic will do, whose time
//! tells of the key.

use data_encoding::BASE64;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Integer, OctetString, Sequence};
use x509_parser::num_bigint::BigUint;
use x509_parser::prelude::FromDer;

use super::{RsaHash, documents};
use crate::secret::Secret;

/// Signs as [`super::verify`] verifies, with a private key (PKCS#8 in PEM or base64); `None`
/// where it is none.
#[must_use]
pub fn sign(hash: RsaHash, private_key: &Secret, message: &[u8]) -> Option<String> {
    let document = documents(private_key.bytes()).into_iter().next()?;
    let [_, n, _, _, p, q, dp, dq, inverse] = numbers(&document)?;
    let length = n.to_bytes_be().len();
    let padded = BigUint::from_bytes_be(&padded(hash, message, length)?);
    // By the remainder theorem, four times as fast as with the whole exponent.
    let (by_p, by_q) = (padded.modpow(&dp, &p), padded.modpow(&dq, &q));
    let difference = (&by_p + &p - &by_q % &p) % &p;
    let signature = (&by_q + inverse * difference % &p * &q) % &n;
    let bytes = signature.to_bytes_be();
    let zeros = vec![0; length.saturating_sub(bytes.len())];
    Some(BASE64.encode(&[zeros, bytes].concat()))
}

/// EMSA-PKCS1-v1_5. <https://www.rfc-editor.org/rfc/rfc8017#section-9.2>
fn padded(hash: RsaHash, message: &[u8], length: usize) -> Option<Vec<u8>> {
    let (info, digest): (&[u8], Vec<u8>) = match hash {
        RsaHash::Sha1 => (
            b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Sha1::digest(message).to_vec(),
        ),
        RsaHash::Sha256 => (
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Sha256::digest(message).to_vec(),
        ),
    };
    let filling = length.checked_sub(3 + info.len() + digest.len())?;
    Some([&[0, 1][..], &vec![0xff; filling], &[0], info, &digest].concat())
}

/// Version, n, e, d, p, q, d mod p-1, d mod q-1 and the inverse of q: the numbers of an
/// RSAPrivateKey inside a PrivateKeyInfo.
fn numbers(document: &[u8]) -> Option<[BigUint; 9]> {
    let (_, info) = Sequence::from_der(document).ok()?;
    let (rest, _version) = Integer::from_der(&info.content).ok()?;
    let (rest, _algorithm) = Sequence::from_der(rest).ok()?;
    let (_, key) = OctetString::from_der(rest).ok()?;
    let (_, key) = Sequence::from_der(key.as_ref()).ok()?;
    let (mut numbers, mut rest) = (Vec::new(), &*key.content);
    while numbers.len() < 9 {
        let (behind, number) = Integer::from_der(rest).ok()?;
        numbers.push(BigUint::from_bytes_be(number.as_ref()));
        rest = behind;
    }
    let zero = BigUint::default();
    let divides = numbers.iter().skip(1).all(|number| *number != zero);
    numbers.try_into().ok().filter(|_| divides)
}
