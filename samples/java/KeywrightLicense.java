import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Verifies a keywright machine license offline. Copy this file into your application.
 *
 * <p>Needs JDK 17 and nothing else. What is checked, in which order and why is told in
 * docs/machine-license.md; the reasons are those of that document.
 */
public final class KeywrightLicense {
    private static final int LONGEST_TOKEN = 16 * 1024;
    private static final Duration CLOCK_TOLERANCE = Duration.ofHours(1);
    private static final Pattern HEADER = Pattern.compile(
            "\\{\"alg\":\"([^\"\\\\]*)\",\"typ\":\"([^\"\\\\]*)\",\"kid\":\"([0-9a-f]{16})\"\\}");
    private static final Pattern TIME =
            Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
    /** What stands before the 32 bytes of an Ed25519 key in X.509 (RFC 8410). */
    private static final byte[] KEY_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    private KeywrightLicense() {}

    /** The license does not hold; {@code reason} is one word. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        public final String reason;

        public Refused(String reason) {
            super(reason);
            this.reason = reason;
        }
    }

    /** {@code expiresAt} and {@code validUntil} are null where there is no end. */
    public record Claims(
            String licenseId, String activationId, String product, String fingerprint,
            List<String> features, boolean trial, Instant startsAt, Instant expiresAt,
            Instant validUntil, String onExpiry, long maxActivations, long sequence,
            Instant issuedAt, Instant refreshAt, Instant offlineUntil) {}

    /**
     * What you kept: by license id the highest sequence, and the latest time (or null). Afterwards
     * keep in it the claims' sequence and the latest of that time, now and the claims' issuedAt; of
     * a license with a higher sequence than ever, its issuedAt alone.
     */
    public record Seen(Map<String, Long> sequences, Instant time) {}

    /** The public keys that you embed: the text of GET /v1/keys. */
    public static Map<String, PublicKey> readKeys(String jwks)
            throws Refused, GeneralSecurityException {
        Map<String, PublicKey> keys = new HashMap<>();
        for (Object each : (List<?>) ((Map<?, ?>) Json.read(jwks)).get("keys")) {
            Map<?, ?> key = (Map<?, ?>) each;
            if ("OKP".equals(key.get("kty")) && "Ed25519".equals(key.get("crv"))) {
                byte[] x = decode((String) key.get("x"));
                byte[] encoded = ByteBuffer.allocate(KEY_PREFIX.length + x.length)
                        .put(KEY_PREFIX).put(x).array();
                keys.put((String) key.get("kid"),
                        KeyFactory.getInstance("Ed25519")
                                .generatePublic(new X509EncodedKeySpec(encoded)));
            }
        }
        return keys;
    }

    /** A machine, without saying which: SHA-256 over the product and the ids, salted by it. */
    public static String fingerprint(String product, String... machineIds)
            throws GeneralSecurityException {
        String all = product + "\0" + String.join("\0", machineIds);
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8)));
    }

    /** The claims, if the license holds on this machine, now, for the version released then. */
    public static Claims verify(String token, Map<String, PublicKey> keys, Instant now,
            Set<String> products, String fingerprint, Instant releasedAt, Seen seen)
            throws Refused, GeneralSecurityException {
        Claims claims = authentic(token, keys);
        Instant slow = now.plus(CLOCK_TOLERANCE);
        refuseIf(!products.contains(claims.product()), "other_product");
        refuseIf(!claims.fingerprint().equals(fingerprint), "other_machine");
        refuseIf(slow.isBefore(claims.issuedAt()), "clock_went_back");
        refuseIf(seen.time() != null && slow.isBefore(seen.time()), "clock_went_back");
        long highest = seen.sequences().getOrDefault(claims.licenseId(), 0L);
        refuseIf(claims.sequence() < highest, "older_license");
        refuseIf(slow.isBefore(claims.startsAt()), "not_started");
        if (claims.validUntil() != null && now.isAfter(claims.validUntil())) {
            refuseIf(claims.onExpiry().equals("restrict"), "expired");
            Instant end = claims.expiresAt();
            refuseIf(end != null && releasedAt.isAfter(end), "not_covered");
        }
        refuseIf(now.isAfter(claims.offlineUntil()), "refresh_due");
        return claims;
    }

    /** The claims, if one of the keys signed them as a machine license. */
    public static Claims authentic(String token, Map<String, PublicKey> keys)
            throws Refused, GeneralSecurityException {
        refuseIf(token.length() > LONGEST_TOKEN, "malformed");
        String[] parts = token.split("\\.", -1);
        refuseIf(parts.length != 3, "malformed");
        byte[] header = decode(parts[0]);
        byte[] claims = decode(parts[1]);
        byte[] signature = decode(parts[2]);
        Matcher said = HEADER.matcher(new String(header, StandardCharsets.ISO_8859_1));
        refuseIf(!said.matches(), "malformed");
        refuseIf(!said.group(1).equals("EdDSA"), "algorithm");
        refuseIf(!said.group(2).equals("keywright-license+jws"), "wrong_purpose");
        PublicKey key = keys.get(said.group(3));
        refuseIf(key == null, "unknown_key");
        refuseIf(signature.length != 64, "malformed");
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(key);
        verifier.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        boolean right;
        try {
            right = verifier.verify(signature);
        } catch (SignatureException notEvenASignature) {
            right = false;
        }
        refuseIf(!right, "bad_signature");
        return readClaims(claims);
    }

    private static void refuseIf(boolean wrong, String reason) throws Refused {
        if (wrong) {
            throw new Refused(reason);
        }
    }

    /** Strict base64url: no padding, no white space, no spare bits that are set. */
    private static byte[] decode(String part) throws Refused {
        try {
            byte[] data = Base64.getUrlDecoder().decode(part);
            String again = Base64.getUrlEncoder().withoutPadding().encodeToString(data);
            refuseIf(!again.equals(part), "malformed");
            return data;
        } catch (IllegalArgumentException wrong) {
            throw new Refused("malformed");
        }
    }

    private static Claims readClaims(byte[] bytes) throws Refused {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            Map<?, ?> said = (Map<?, ?>) Json.read(text);
            List<String> features = new ArrayList<>();
            for (Object feature : (List<?>) said.get("features")) {
                features.add((String) feature);
            }
            String onExpiry = text(said, "on_expiry");
            refuseIf(!onExpiry.equals("restrict") && !onExpiry.equals("maintain"), "malformed");
            return new Claims(
                    text(said, "license_id"), text(said, "activation_id"), text(said, "product"),
                    text(said, "fingerprint"), List.copyOf(features), (Boolean) said.get("trial"),
                    time(said, "starts_at"), end(said, "expires_at"), end(said, "valid_until"),
                    onExpiry, count(said, "max_activations"), count(said, "sequence"),
                    time(said, "issued_at"), time(said, "refresh_at"), time(said, "offline_until"));
        } catch (ClassCastException | NullPointerException | CharacterCodingException
                | DateTimeException | NumberFormatException wrong) {
            throw new Refused("malformed");
        }
    }

    private static String text(Map<?, ?> said, String name) throws Refused {
        refuseIf(said.get(name) == null, "malformed");
        return (String) said.get(name);
    }

    private static long count(Map<?, ?> said, String name) throws Refused {
        String digits = ((Json.Number) said.get(name)).text();
        refuseIf(!digits.matches("[0-9]+"), "malformed");
        return Long.parseLong(digits);
    }

    private static Instant time(Map<?, ?> said, String name) throws Refused {
        String text = text(said, name);
        refuseIf(!TIME.matcher(text).matches(), "malformed");
        return Instant.parse(text);
    }

    /** There must be a word on it, be it null. */
    private static Instant end(Map<?, ?> said, String name) throws Refused {
        refuseIf(!said.containsKey(name), "malformed");
        return said.get(name) == null ? null : time(said, name);
    }

    /** As much JSON as claims and keys need; use your own library instead if you have one. */
    static final class Json {
        /** Kept as it was written: 7.5 is no count. */
        record Number(String text) {}

        private static final Pattern NUMBER =
                Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        static Object read(String text) throws Refused {
            Json json = new Json(text);
            Object value = json.value(0);
            json.skip();
            refuseIf(json.at != text.length(), "malformed");
            return value;
        }

        private Object value(int depth) throws Refused {
            refuseIf(depth > 32, "malformed");
            skip();
            if (takes('{')) {
                Map<String, Object> members = new LinkedHashMap<>();
                while (!ends('}', members.isEmpty())) {
                    skip();
                    String name = string();
                    skip();
                    refuseIf(!takes(':'), "malformed");
                    members.put(name, value(depth + 1));
                }
                return members;
            }
            if (takes('[')) {
                List<Object> items = new ArrayList<>();
                while (!ends(']', items.isEmpty())) {
                    items.add(value(depth + 1));
                }
                return items;
            }
            if (at < text.length() && text.charAt(at) == '"') {
                return string();
            }
            for (String word : new String[] {"true", "false", "null"}) {
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return word.equals("null") ? null : Boolean.valueOf(word);
                }
            }
            Matcher number = NUMBER.matcher(text).region(at, text.length());
            refuseIf(!number.lookingAt(), "malformed");
            at = number.end();
            return new Number(number.group());
        }

        private boolean ends(char close, boolean first) throws Refused {
            skip();
            if (takes(close)) {
                return true;
            }
            refuseIf(!first && !takes(','), "malformed");
            return false;
        }

        private String string() throws Refused {
            refuseIf(!takes('"'), "malformed");
            StringBuilder read = new StringBuilder();
            while (!takes('"')) {
                char letter = next();
                refuseIf(letter < ' ', "malformed");
                read.append(letter == '\\' ? escaped() : letter);
            }
            return read.toString();
        }

        private char escaped() throws Refused {
            char letter = next();
            if (letter == 'u') {
                refuseIf(at + 4 > text.length(), "malformed");
                String digits = text.substring(at, at + 4);
                refuseIf(!digits.matches("[0-9a-fA-F]{4}"), "malformed");
                at += 4;
                return (char) Integer.parseInt(digits, 16);
            }
            int which = "\"\\/bfnrt".indexOf(letter);
            refuseIf(which < 0, "malformed");
            return "\"\\/\b\f\n\r\t".charAt(which);
        }

        private char next() throws Refused {
            refuseIf(at >= text.length(), "malformed");
            return text.charAt(at++);
        }

        private boolean takes(char letter) {
            boolean there = at < text.length() && text.charAt(at) == letter;
            at += there ? 1 : 0;
            return there;
        }

        private void skip() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }
    }
}
