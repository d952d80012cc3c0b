// Reads the vectors (dotnet run -- FILE), prints what differs, fails if anything does.

using System.Text.Json;
using Keywright;

using var published = JsonDocument.Parse(File.ReadAllText(args[0]));
var keys = MachineLicense.ReadKeys(published.RootElement.GetProperty("keys").GetRawText());
var vectors = published.RootElement.GetProperty("vectors").EnumerateArray().ToList();
var wrong = 0;
foreach (var vector in vectors)
{
    string Text(string name) => vector.GetProperty(name).GetString()!;
    var time = vector.GetProperty("seen").GetProperty("time");
    var seen = new Seen(
        vector.GetProperty("seen").GetProperty("sequences").EnumerateObject()
            .ToDictionary(license => license.Name, license => license.Value.GetUInt64()),
        time.ValueKind == JsonValueKind.Null ? null : time.GetDateTimeOffset());
    var products = vector.GetProperty("products").EnumerateArray()
        .Select(product => product.GetString()!).ToList();
    var said = "valid";
    try
    {
        MachineLicense.Verify(
            Text("token"), keys, vector.GetProperty("now").GetDateTimeOffset(), products, Text("fingerprint"),
            vector.GetProperty("released_at").GetDateTimeOffset(), seen);
    }
    catch (RefusedException refused)
    {
        said = refused.Reason;
    }
    if (said == Text("expect")) continue;
    wrong++;
    Console.WriteLine($"{Text("name")}: {said}, should be {Text("expect")}");
}
Console.WriteLine($"csharp: {vectors.Count - wrong} of {vectors.Count} vectors as they should be");
return wrong > 0 || vectors.Count == 0 ? 1 : 0;
