import FoundationEssentials
import TestSupport
import Testing

@testable import Deployment

@Suite struct APISettingsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func api(_ variables: [String: String]) throws -> APISettings? {
        let installation = Installation(home: folder.path)
        return try InstallationSettings.resolve(installation, environment: variables).api(of: installation)
    }

    @Test func withoutAnAddressOnlyTheSocketIsServed() throws {
        #expect(try api([:]) == nil)
    }

    @Test func loopbackNeedsNoTLS() throws {
        for address in ["127.0.0.1:8080", "localhost:0", "[::1]:8080"] {
            #expect(try api(["BAI_API_LISTEN": address])?.isExposed == false, "\(address)")
        }
    }

    @Test func beyondLoopbackTLSIsNeededUnlessSomebodySaysThatItIsNot() throws {
        for address in ["0.0.0.0:8080", "[::]:8080", "10.1.2.3:8080", "bai.example.com:443"] {
            let error = #expect(throws: InstallationSettings.Invalid.self) {
                try api(["BAI_API_LISTEN": address])
            }
            #expect(error?.description.contains("api.insecure") == true)
            #expect(try api(["BAI_API_LISTEN": address, "BAI_API_INSECURE": "true"])?.isExposed == true)
            let safe = try api([
                "BAI_API_LISTEN": address, "BAI_API_TLS_CERTIFICATE": "/c.pem", "BAI_API_TLS_KEY": "/k.pem",
            ])
            #expect(safe?.isExposed == false && safe?.certificate == "/c.pem" && safe?.key == "/k.pem")
        }
    }

    @Test func aCertificateWithoutItsKeyIsRefused() {
        #expect(throws: InstallationSettings.Invalid.self) {
            try api(["BAI_API_LISTEN": "127.0.0.1:1", "BAI_API_TLS_CERTIFICATE": "/c.pem"])
        }
    }

    @Test(arguments: ["8080", "host", ":8080", "host:", "host:99999", "::1:80", "a b:80", "http://x:80"])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: InstallationSettings.Invalid.self) { try api(["BAI_API_LISTEN": text]) }
    }
}
