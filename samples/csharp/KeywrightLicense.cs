// Verifies a keywright machine license offline. Copy this file into your application.
//
// Needs .NET 8 and the package BouncyCastle.Cryptography (.NET itself has no Ed25519). What is
// checked, in which order and why is told in docs/machine-license.md; the reasons are those of
// that document.

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Keywright;

/// <summary>The license does not hold; the reason is one word.</summary>
public sealed class RefusedException(string reason) : Exception(reason)
{
    public string Reason { get; } = reason;
}

/// <summary>What a machine license says; an end that is null never comes.</summary>
public sealed record Claims(
    string LicenseId, string ActivationId, string Product, string Fingerprint,
    IReadOnlyList<string> Features, bool Trial, DateTimeOffset StartsAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? ValidUntil, string OnExpiry, ulong MaxActivations, ulong Sequence,
    DateTimeOffset IssuedAt, DateTimeOffset RefreshAt, DateTimeOffset OfflineUntil);

/// <summary>What you kept: by license id the highest sequence, and the latest time. Afterwards
/// keep in it the claims' sequence and the latest of that time, now and the claims' IssuedAt; of a
/// license with a higher sequence than ever, its IssuedAt alone.</summary>
public sealed record Seen(IReadOnlyDictionary<string, ulong> Sequences, DateTimeOffset? Time);

public static partial class MachineLicense
{
    private const int LongestToken = 16 * 1024;
    private const string Malformed = "malformed";
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    [GeneratedRegex("""\A\{"alg":"([^"\\]*)","typ":"([^"\\]*)","kid":"([0-9a-f]{16})"\}\z""")]
    private static partial Regex HeaderForm();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\z")]
    private static partial Regex TimeForm();

    /// <summary>The public keys that you embed: the text of GET /v1/keys.</summary>
    public static Dictionary<string, byte[]> ReadKeys(string jwks)
    {
        var keys = new Dictionary<string, byte[]>();
        using var set = JsonDocument.Parse(jwks);
        foreach (var key in set.RootElement.GetProperty("keys").EnumerateArray())
        {
            if (key.GetProperty("kty").GetString() != "OKP") continue;
            if (key.GetProperty("crv").GetString() != "Ed25519") continue;
            var x = Decode(key.GetProperty("x").GetString()!);
            RefuseIf(x.Length != Ed25519.PublicKeySize, Malformed);
            keys[key.GetProperty("kid").GetString()!] = x;
        }
        return keys;
    }

    /// <summary>A machine, without saying which: SHA-256 over product and ids, salted by it.</summary>
    public static string Fingerprint(string product, params string[] machineIds)
    {
        var all = string.Join('\0', machineIds.Prepend(product));
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(all))).ToLowerInvariant();
    }

    /// <summary>The claims, if the license holds on this machine, now, for the version that was
    /// released then.</summary>
    public static Claims Verify(
        string token, IReadOnlyDictionary<string, byte[]> keys, DateTimeOffset now,
        IReadOnlyCollection<string> products, string fingerprint, DateTimeOffset releasedAt, Seen seen)
    {
        var claims = Authentic(token, keys);
        var slow = now + ClockTolerance;
        RefuseIf(!products.Contains(claims.Product), "other_product");
        RefuseIf(!string.Equals(claims.Fingerprint, fingerprint, StringComparison.Ordinal), "other_machine");
        RefuseIf(slow < claims.IssuedAt || slow < seen.Time, "clock_went_back");
        RefuseIf(claims.Sequence < seen.Sequences.GetValueOrDefault(claims.LicenseId), "older_license");
        RefuseIf(slow < claims.StartsAt, "not_started");
        if (now > claims.ValidUntil)
        {
            RefuseIf(claims.OnExpiry == "restrict", "expired");
            RefuseIf(releasedAt > claims.ExpiresAt, "not_covered");
        }
        RefuseIf(now > claims.OfflineUntil, "refresh_due");
        return claims;
    }

    /// <summary>The claims, if one of the keys signed them as a machine license.</summary>
    public static Claims Authentic(string token, IReadOnlyDictionary<string, byte[]> keys)
    {
        RefuseIf(token.Length > LongestToken, Malformed);
        var parts = token.Split('.');
        RefuseIf(parts.Length != 3, Malformed);
        var decoded = parts.Select(Decode).ToArray();
        var (header, claims, signature) = (decoded[0], decoded[1], decoded[2]);
        var said = HeaderForm().Match(Encoding.Latin1.GetString(header));
        RefuseIf(!said.Success, Malformed);
        RefuseIf(said.Groups[1].Value != "EdDSA", "algorithm");
        RefuseIf(said.Groups[2].Value != "keywright-license+jws", "wrong_purpose");
        if (!keys.TryGetValue(said.Groups[3].Value, out var key)) throw new RefusedException("unknown_key");
        RefuseIf(signature.Length != Ed25519.SignatureSize, Malformed);
        var text = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        RefuseIf(!Ed25519.Verify(signature, 0, key, 0, text, 0, text.Length), "bad_signature");
        return ReadClaims(claims);
    }

    private static void RefuseIf(bool wrong, string reason)
    {
        if (wrong) throw new RefusedException(reason);
    }

    // Strict base64url: no padding, no white space, no spare bits that are set.
    private static byte[] Decode(string part)
    {
        try
        {
            var standard = part.Replace('-', '+').Replace('_', '/');
            var data = Convert.FromBase64String(standard.PadRight((part.Length + 3) / 4 * 4, '='));
            var again = Convert.ToBase64String(data).TrimEnd('=').Replace('+', '-').Replace('/', '_');
            RefuseIf(again != part, Malformed);
            return data;
        }
        catch (FormatException)
        {
            throw new RefusedException(Malformed);
        }
    }

    private static Claims ReadClaims(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var said = document.RootElement;
            var onExpiry = Text(said.GetProperty("on_expiry"));
            RefuseIf(onExpiry is not ("restrict" or "maintain"), Malformed);
            return new Claims(
                Text(said.GetProperty("license_id")), Text(said.GetProperty("activation_id")),
                Text(said.GetProperty("product")), Text(said.GetProperty("fingerprint")),
                said.GetProperty("features").EnumerateArray().Select(Text).ToList(),
                said.GetProperty("trial").GetBoolean(), Time(said.GetProperty("starts_at")),
                End(said.GetProperty("expires_at")), End(said.GetProperty("valid_until")), onExpiry,
                said.GetProperty("max_activations").GetUInt64(), said.GetProperty("sequence").GetUInt64(),
                Time(said.GetProperty("issued_at")), Time(said.GetProperty("refresh_at")),
                Time(said.GetProperty("offline_until")));
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new RefusedException(Malformed);
        }
    }

    private static string Text(JsonElement value) =>
        value.GetString() ?? throw new RefusedException(Malformed);

    private static DateTimeOffset Time(JsonElement value)
    {
        var text = Text(value);
        RefuseIf(!TimeForm().IsMatch(text), Malformed);
        return DateTimeOffset.ParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
    }

    private static DateTimeOffset? End(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? null : Time(value);
}
