// Reads the vectors (swift run RunVectors FILE), prints what differs, fails if anything does.

import Foundation
import KeywrightLicense

struct Vector: Decodable {
    struct Seen: Decodable {
        let sequences: [String: UInt64]
        let time: Date?
    }
    let name, expect, fingerprint, token: String
    let products: Set<String>
    let now, released_at: Date
    let seen: Seen
}

struct Published: Decodable {
    let vectors: [Vector]
}

let text = try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
let decoder = JSONDecoder()
decoder.dateDecodingStrategy = .iso8601
let vectors = try decoder.decode(Published.self, from: text).vectors
let whole = try JSONSerialization.jsonObject(with: text) as? [String: Any]
let keys = try readKeys(JSONSerialization.data(withJSONObject: whole?["keys"] ?? [:]))

var wrong = 0
for vector in vectors {
    var said = "valid"
    do {
        _ = try verify(
            vector.token, keys: keys, now: vector.now, products: vector.products,
            fingerprint: vector.fingerprint, releasedAt: vector.released_at,
            seen: Seen(sequences: vector.seen.sequences, time: vector.seen.time))
    } catch let refused as Refused {
        said = refused.rawValue
    }
    if said != vector.expect {
        wrong += 1
        print("\(vector.name): \(said), should be \(vector.expect)")
    }
}
print("swift: \(vectors.count - wrong) of \(vectors.count) vectors as they should be")
exit(wrong > 0 || vectors.isEmpty ? 1 : 0)
