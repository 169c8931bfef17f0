package import Configuration
internal import Diagnostics
package import HTTPServer

extension InstallationSettings {
    package static let healthListen = Setting<String?>.optionalString(
        "health.listen", fallbackText: "a socket in BAI_HOME only",
        "HOST:PORT where services also answer /health, /live and /metrics, for probes; each in a container of its own."
    )
}

extension InstallationSettings.Resolved {
    /// Where services answer about themselves, beside their socket; nil where nowhere.
    ///
    /// - Throws: a setting that is no address.
    package func healthAddress() throws(InstallationSettings.Invalid) -> ServerAddress? {
        guard let text = settings[InstallationSettings.healthListen] else { return nil }
        guard let place = HostAndPort(text) else {
            throw InstallationSettings.Invalid(problems: [
                Problem(
                    code: "invalid_setting", message: "health.listen is \(Excerpt.quote(text))",
                    key: "health.listen", expected: "HOST:PORT, such as 0.0.0.0:8081 or [::]:8081")
            ])
        }
        return .tcp(host: place.host, port: place.port)
    }
}
