// Verifies a keywright machine license offline. Copy this file into your application.
//
// Needs CryptoKit (macOS 13, iOS 16) or swift-crypto. What is checked, in which order and why is
// told in docs/machine-license.md; the reasons are those of that document.

import Foundation

#if canImport(CryptoKit)
    import CryptoKit
#else
    import Crypto
#endif

/// Why the license does not hold; the raw value is the word.
public enum Refused: String, Error {
    case malformed, algorithm, wrong_purpose, unknown_key, bad_signature, other_product
    case other_machine
    case clock_went_back, older_license, not_started, expired, not_covered, refresh_due
}

public typealias Keys = [String: Curve25519.Signing.PublicKey]

/// What a machine license says; an end that is nil never comes.
public struct Claims {
    public let licenseID, activationID, product, fingerprint: String
    public let features: [String]
    public let trial: Bool
    public let startsAt: Date
    public let expiresAt, validUntil: Date?
    public let onExpiry: OnExpiry
    public let maxActivations, sequence: UInt64
    public let issuedAt, refreshAt, offlineUntil: Date

    public enum OnExpiry: String, Decodable {
        case restrict, maintain
    }
}

/// What you kept: by license id the highest sequence, and the latest time. Afterwards keep in it the
/// claims' sequence and the latest of that time, now and the claims' issuedAt; of a license with a
/// higher sequence than ever, its issuedAt alone.
public struct Seen {
    public var sequences: [String: UInt64]
    public var time: Date?

    public init(sequences: [String: UInt64], time: Date?) {
        self.sequences = sequences
        self.time = time
    }
}

/// The public keys that you embed: the text of GET /v1/keys.
public func readKeys(_ jwks: Data) throws -> Keys {
    // Keys of other kinds have other members, and are passed over.
    struct Key: Decodable { let kty, crv, x, kid: String? }
    struct KeySet: Decodable { let keys: [Key] }
    var keys = Keys()
    for key in try JSONDecoder().decode(KeySet.self, from: jwks).keys
    where key.kty == "OKP" && key.crv == "Ed25519" {
        guard let kid = key.kid, let x = key.x else { throw Refused.malformed }
        keys[kid] = try Curve25519.Signing.PublicKey(rawRepresentation: decode(x))
    }
    return keys
}

/// A machine, without saying which: SHA-256 over the product and the ids, salted by it.
public func fingerprint(product: String, machineIDs: [String]) -> String {
    let all = ([product] + machineIDs).joined(separator: "\0")
    return SHA256.hash(data: Data(all.utf8)).map { String(format: "%02x", $0) }.joined()
}

/// The claims, if the license holds on this machine, now, for the version that was released then.
public func verify(
    _ token: String, keys: Keys, now: Date, products: Set<String>, fingerprint: String,
    releasedAt: Date, seen: Seen
) throws -> Claims {
    let claims = try authentic(token, keys: keys)
    let slow = now.addingTimeInterval(60 * 60)
    try refuse(.other_product, if: !products.contains(claims.product))
    // Compared as bytes: Swift takes letters for equal that are written differently.
    try refuse(.other_machine, if: Data(claims.fingerprint.utf8) != Data(fingerprint.utf8))
    try refuse(.clock_went_back, if: slow < max(claims.issuedAt, seen.time ?? claims.issuedAt))
    try refuse(.older_license, if: claims.sequence < seen.sequences[claims.licenseID] ?? 0)
    try refuse(.not_started, if: slow < claims.startsAt)
    if now > claims.validUntil ?? .distantFuture {
        try refuse(.expired, if: claims.onExpiry == .restrict)
        try refuse(.not_covered, if: releasedAt > claims.expiresAt ?? .distantFuture)
    }
    try refuse(.refresh_due, if: now > claims.offlineUntil)
    return claims
}

/// The claims, if one of the keys signed them as a machine license.
public func authentic(_ token: String, keys: Keys) throws -> Claims {
    try refuse(.malformed, if: token.utf8.count > 16 * 1024)
    let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    try refuse(.malformed, if: parts.count != 3)
    let header = try decode(parts[0])
    let claims = try decode(parts[1])
    let signature = try decode(parts[2])
    let (algorithm, purpose, kid) = try readHeader(header)
    try refuse(.algorithm, if: algorithm != "EdDSA")
    try refuse(.wrong_purpose, if: purpose != "keywright-license+jws")
    guard let key = keys[kid] else { throw Refused.unknown_key }
    try refuse(.malformed, if: signature.count != 64)
    let text = Data("\(parts[0]).\(parts[1])".utf8)
    try refuse(.bad_signature, if: !key.isValidSignature(signature, for: text))
    guard let read = try? JSONDecoder().decode(Claims.self, from: claims) else {
        throw Refused.malformed
    }
    return read
}

private func refuse(_ reason: Refused, if wrong: Bool) throws {
    if wrong { throw reason }
}

/// Strict base64url: no padding, no white space, no spare bits that are set.
private func decode(_ part: String) throws -> Data {
    let standard = part.replacingOccurrences(of: "-", with: "+")
        .replacingOccurrences(of: "_", with: "/")
    let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: standard + padding) else { throw Refused.malformed }
    let again = data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    try refuse(.malformed, if: again != part)
    return data
}

/// The header has one form, so it is read as text: nothing in it can be said twice, or hidden.
private func readHeader(_ header: Data) throws -> (String, String, String) {
    let form = #"\A\{"alg":"([^"\\]*)","typ":"([^"\\]*)","kid":"([0-9a-f]{16})"\}\z"#
    guard let text = String(data: header, encoding: .isoLatin1),
        let regex = try? NSRegularExpression(pattern: form),
        let said = regex.firstMatch(in: text, range: NSRange(text.startIndex..., in: text))
    else { throw Refused.malformed }
    let words = (1...3).compactMap { Range(said.range(at: $0), in: text).map { String(text[$0]) } }
    guard words.count == 3 else { throw Refused.malformed }
    return (words[0], words[1], words[2])
}

extension Claims: Decodable {
    private enum Name: String, CodingKey {
        case license_id, activation_id, product, fingerprint, features, trial, starts_at
        case expires_at, valid_until, on_expiry, max_activations, sequence, issued_at, refresh_at
        case offline_until
    }

    public init(from decoder: Decoder) throws {
        let said = try decoder.container(keyedBy: Name.self)
        func time(_ name: Name) throws -> Date { try read(said.decode(String.self, forKey: name)) }
        // `decode`, not `decodeIfPresent`: there must be a word on it, be it null.
        func end(_ name: Name) throws -> Date? { try said.decode(String?.self, forKey: name).map(read) }
        func read(_ text: String) throws -> Date {
            let form = #"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\z"#
            guard text.range(of: form, options: .regularExpression) != nil,
                let date = ISO8601DateFormatter().date(from: text)
            else { throw Refused.malformed }
            return date
        }
        licenseID = try said.decode(String.self, forKey: .license_id)
        activationID = try said.decode(String.self, forKey: .activation_id)
        product = try said.decode(String.self, forKey: .product)
        fingerprint = try said.decode(String.self, forKey: .fingerprint)
        features = try said.decode([String].self, forKey: .features)
        trial = try said.decode(Bool.self, forKey: .trial)
        startsAt = try time(.starts_at)
        expiresAt = try end(.expires_at)
        validUntil = try end(.valid_until)
        onExpiry = try said.decode(OnExpiry.self, forKey: .on_expiry)
        maxActivations = try said.decode(UInt64.self, forKey: .max_activations)
        sequence = try said.decode(UInt64.self, forKey: .sequence)
        issuedAt = try time(.issued_at)
        refreshAt = try time(.refresh_at)
        offlineUntil = try time(.offline_until)
    }
}
