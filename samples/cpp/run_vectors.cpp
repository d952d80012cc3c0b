// Reads the vectors (run_vectors FILE), prints what differs, fails if anything does.

#include <fstream>
#include <iostream>
#include <iterator>

#include "keywright_license.hpp"

namespace json = keywright::json;

// The keys as text again, which is what an application embeds.
static std::string keys_of(const json::Value& published) {
    std::string text;
    for (const json::Value& key : published.at("keys").at("keys").list()) {
        text += text.empty() ? "{" : ",{";
        for (const char* name : {"kty", "crv", "x", "kid"})
            text += std::string(name[0] == 'k' && name[1] == 't' ? "" : ",") + '"' + name + "\":\"" +
                    key.at(name).string() + '"';
        text += '}';
    }
    return "{\"keys\":[" + text + "]}";
}

static std::string said_of(const json::Value& vector, const keywright::Keys& keys) {
    std::set<std::string> products;
    for (const json::Value& product : vector.at("products").list()) products.insert(product.string());
    keywright::Seen seen;
    for (const auto& [license, highest] : vector.at("seen").at("sequences").object())
        seen.sequences[license] = highest.count();
    const json::Value& time = vector.at("seen").at("time");
    if (!time.is_null()) seen.time = keywright::read_time(time.string());
    try {
        keywright::verify(vector.at("token").string(), keys,
                          keywright::read_time(vector.at("now").string()),
                          products, vector.at("fingerprint").string(),
                          keywright::read_time(vector.at("released_at").string()), seen);
        return "valid";
    } catch (const keywright::Refused& refused) {
        return refused.what();
    }
}

int main(int, char** arguments) {
    std::ifstream file(arguments[1]);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const json::Value published = json::read(text);
    const keywright::Keys keys = keywright::read_keys(keys_of(published));
    const auto& vectors = published.at("vectors").list();
    std::size_t wrong = 0;
    for (const json::Value& vector : vectors) {
        const std::string said = said_of(vector, keys), &expected = vector.at("expect").string();
        if (said == expected) continue;
        ++wrong;
        std::cout << vector.at("name").string() << ": " << said << ", should be " << expected << '\n';
    }
    std::cout << "cpp: " << vectors.size() - wrong << " of " << vectors.size()
              << " vectors as they should be\n";
    return wrong > 0 || vectors.empty() ? 1 : 0;
}
