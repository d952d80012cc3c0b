import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the vectors (java RunVectors FILE), prints what differs, fails if anything does. */
final class RunVectors {
    public static void main(String[] arguments) throws Exception {
        Map<?, ?> published =
                (Map<?, ?>) KeywrightLicense.Json.read(Files.readString(Path.of(arguments[0])));
        Map<String, PublicKey> keys = KeywrightLicense.readKeys(keysOf(published));
        List<?> vectors = (List<?>) published.get("vectors");
        int wrong = 0;
        for (Object each : vectors) {
            Map<?, ?> vector = (Map<?, ?>) each;
            String said = "valid";
            try {
                KeywrightLicense.verify((String) vector.get("token"), keys, time(vector, "now"),
                        products(vector), (String) vector.get("fingerprint"), time(vector, "released_at"),
                        seen((Map<?, ?>) vector.get("seen")));
            } catch (KeywrightLicense.Refused refused) {
                said = refused.reason;
            }
            if (!said.equals(vector.get("expect"))) {
                wrong++;
                System.out.println(
                        vector.get("name") + ": " + said + ", should be " + vector.get("expect"));
            }
        }
        System.out.println("java: " + (vectors.size() - wrong) + " of " + vectors.size()
                + " vectors as they should be");
        System.exit(wrong > 0 || vectors.isEmpty() ? 1 : 0);
    }

    /** The keys as text again, which is what an application embeds. */
    private static String keysOf(Map<?, ?> published) {
        StringBuilder text = new StringBuilder();
        for (Object each : (List<?>) ((Map<?, ?>) published.get("keys")).get("keys")) {
            Map<?, ?> key = (Map<?, ?>) each;
            text.append(text.isEmpty() ? "" : ",").append(String.format(
                    "{\"kty\":\"%s\",\"crv\":\"%s\",\"x\":\"%s\",\"kid\":\"%s\"}",
                    key.get("kty"), key.get("crv"), key.get("x"), key.get("kid")));
        }
        return "{\"keys\":[" + text + "]}";
    }

    private static Set<String> products(Map<?, ?> vector) {
        Set<String> products = new HashSet<>();
        ((List<?>) vector.get("products")).forEach(product -> products.add((String) product));
        return products;
    }

    private static KeywrightLicense.Seen seen(Map<?, ?> seen) {
        Map<String, Long> sequences = new HashMap<>();
        ((Map<?, ?>) seen.get("sequences")).forEach((license, highest) -> sequences.put(
                (String) license,
                Long.valueOf(((KeywrightLicense.Json.Number) highest).text())));
        return new KeywrightLicense.Seen(sequences, time(seen, "time"));
    }

    private static Instant time(Map<?, ?> said, String name) {
        return said.get(name) == null ? null : Instant.parse((String) said.get(name));
    }
}
