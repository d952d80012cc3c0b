// Verifies a keywright machine license offline. Copy this file and keywright_json.hpp into your
// application.
//
// Needs C++17 and OpenSSL's libcrypto (1.1.1 or newer). What is checked, in which order and why is
// told in docs/machine-license.md; the reasons are those of that document.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <openssl/evp.h>

#include "keywright_json.hpp"

namespace keywright {

// The license does not hold; what() is one word.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using Key = std::shared_ptr<EVP_PKEY>;
using Keys = std::map<std::string, Key>;

// Seconds since 1970, UTC.
using Time = std::int64_t;

struct Claims {
    std::string license_id, activation_id, product, fingerprint;
    std::vector<std::string> features;
    bool trial;
    Time starts_at;
    std::optional<Time> expires_at, valid_until;
    std::string on_expiry;
    std::uint64_t max_activations, sequence;
    Time issued_at, refresh_at, offline_until;
};

// What you kept: by license id the highest sequence, and the latest time. Afterwards keep in it the
// claims' sequence and the latest of that time, now and the claims' issued_at; of a license with a
// higher sequence than ever, its issued_at alone.
struct Seen {
    std::map<std::string, std::uint64_t> sequences;
    std::optional<Time> time;
};

namespace detail {

inline void refuse_if(bool wrong, const char* reason) {
    if (wrong) throw Refused(reason);
}

// Strict base64url: no padding, no white space, no spare bits that are set.
inline std::string decode(const std::string& part) {
    static const std::string letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    refuse_if(part.size() % 4 == 1, "malformed");
    std::string data;
    std::uint32_t held = 0;
    int bits = 0;
    for (char letter : part) {
        auto value = letters.find(letter);
        refuse_if(value == letters.npos, "malformed");
        held = (held << 6 | static_cast<std::uint32_t>(value)) & 0xFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            data += static_cast<char>(held >> bits & 0xFF);
        }
    }
    refuse_if((held & ((1u << bits) - 1)) != 0, "malformed");
    return data;
}

inline const unsigned char* bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline bool signature_is_right(const Key& key, const std::string& text, const std::string& signature) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return context != nullptr &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                            text.size()) == 1;
}

}  // namespace detail

// `2027-03-01T08:00:00Z` and nothing else. The calendar is the proleptic Gregorian one.
inline Time read_time(const std::string& text) {
    static const std::regex form("(\\d{4})-(\\d\\d)-(\\d\\d)T(\\d\\d):(\\d\\d):(\\d\\d)Z");
    std::smatch said;
    detail::refuse_if(!std::regex_match(text, said, form), "malformed");
    std::array<Time, 6> number{};
    for (std::size_t index = 0; index < number.size(); ++index)
        number[index] = std::stoll(said[index + 1]);
    auto [year, month, day, hour, minute, second] = number;
    // The year begins in March here, so the leap day is its last.
    if (month <= 2) --year;
    Time century = year / 100;
    Time days = 365 * year + year / 4 - century + century / 4 +
                (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

// The public keys that you embed: the text of GET /v1/keys.
inline Keys read_keys(const std::string& jwks) {
    Keys keys;
    const json::Value set = json::read(jwks);
    for (const json::Value& key : set.at("keys").list()) {
        if (key.at("kty").string() != "OKP" || key.at("crv").string() != "Ed25519") continue;
        std::string x = detail::decode(key.at("x").string());
        Key made(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, detail::bytes(x), x.size()),
                 EVP_PKEY_free);
        detail::refuse_if(made == nullptr, "malformed");
        keys[key.at("kid").string()] = made;
    }
    return keys;
}

namespace detail {

inline Claims read_claims(const std::string& text) {
    try {
        const json::Value said = json::read(text);
        auto end = [&](const char* name) {
            const json::Value& at = said.at(name);
            return at.is_null() ? std::nullopt : std::optional<Time>(read_time(at.string()));
        };
        auto time = [&](const char* name) { return read_time(said.at(name).string()); };
        Claims claims{said.at("license_id").string(),
                      said.at("activation_id").string(),
                      said.at("product").string(),
                      said.at("fingerprint").string(),
                      {},
                      said.at("trial").boolean(),
                      time("starts_at"),
                      end("expires_at"),
                      end("valid_until"),
                      said.at("on_expiry").string(),
                      said.at("max_activations").count(),
                      said.at("sequence").count(),
                      time("issued_at"),
                      time("refresh_at"),
                      time("offline_until")};
        for (const json::Value& feature : said.at("features").list())
            claims.features.push_back(feature.string());
        refuse_if(claims.on_expiry != "restrict" && claims.on_expiry != "maintain", "malformed");
        return claims;
    } catch (const json::Wrong&) {
        throw Refused("malformed");
    }
}

}  // namespace detail

// The claims, if one of the keys signed them as a machine license.
inline Claims authentic(const std::string& token, const Keys& keys) {
    using detail::refuse_if;
    refuse_if(token.size() > 16 * 1024, "malformed");
    auto first = token.find('.');
    auto second = first == token.npos ? token.npos : token.find('.', first + 1);
    refuse_if(second == token.npos || token.find('.', second + 1) != token.npos, "malformed");
    std::string header = detail::decode(token.substr(0, first));
    std::string claims = detail::decode(token.substr(first + 1, second - first - 1));
    std::string signature = detail::decode(token.substr(second + 1));
    static const std::regex form(
        R"form(\{"alg":"([^"\\]*)","typ":"([^"\\]*)","kid":"([0-9a-f]{16})"\})form");
    std::smatch said;
    // A right header has 77 bytes; std::regex wants a limit on what it is given.
    refuse_if(header.size() > 256 || !std::regex_match(header, said, form), "malformed");
    refuse_if(said[1] != "EdDSA", "algorithm");
    refuse_if(said[2] != "keywright-license+jws", "wrong_purpose");
    auto key = keys.find(said[3]);
    refuse_if(key == keys.end(), "unknown_key");
    refuse_if(signature.size() != 64, "malformed");
    bool right = detail::signature_is_right(key->second, token.substr(0, second), signature);
    refuse_if(!right, "bad_signature");
    return detail::read_claims(claims);
}

// The claims, if the license holds on this machine, now, for the version that was released then.
inline Claims verify(const std::string& token, const Keys& keys, Time now,
                     const std::set<std::string>& products, const std::string& fingerprint,
                     Time released_at, const Seen& seen) {
    using detail::refuse_if;
    Claims claims = authentic(token, keys);
    Time slow = now + 60 * 60;
    refuse_if(products.count(claims.product) == 0, "other_product");
    refuse_if(claims.fingerprint != fingerprint, "other_machine");
    refuse_if(slow < claims.issued_at || (seen.time && slow < *seen.time), "clock_went_back");
    auto highest = seen.sequences.find(claims.license_id);
    refuse_if(highest != seen.sequences.end() && claims.sequence < highest->second, "older_license");
    refuse_if(slow < claims.starts_at, "not_started");
    if (claims.valid_until && now > *claims.valid_until) {
        refuse_if(claims.on_expiry == "restrict", "expired");
        refuse_if(claims.expires_at && released_at > *claims.expires_at, "not_covered");
    }
    refuse_if(now > claims.offline_until, "refresh_due");
    return claims;
}

}  // namespace keywright
