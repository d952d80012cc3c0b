// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "keywright-license",
    platforms: [.macOS(.v13), .iOS(.v16)],
    dependencies: [
        // The same interface as CryptoKit, which is used where it is there.
        .package(url: "https://github.com/apple/swift-crypto.git", from: "3.0.0"),
    ],
    targets: [
        .target(
            name: "KeywrightLicense",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .executableTarget(name: "RunVectors", dependencies: ["KeywrightLicense"]),
    ])
