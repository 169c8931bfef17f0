import Descriptors
import Events
import JSON
import Testing

@testable import KubernetesObjects

@Suite struct ContainerVariablesTests {
    @Test func aTeamsVariableTakesTheSystemsPlace() {
        let list = ContainerVariables(
            system: [.text("HOME", "/bai/home"), .text("A", "1")], own: ["HOME": "/root"],
            secret: "s"
        ).list
        #expect(list == [.text("A", "1"), .text("HOME", "/root")])
    }

    /// Kubernetes would replace a name by a variable before it; where that is one of the team's own, the order of names would decide.
    @Test(arguments: [
        ("$(OWN)", "$$(OWN)"), ("$(SYSTEM)", "$(SYSTEM)"), ("$$(OWN)", "$$(OWN)"), ("$$$(OWN)", "$$$$(OWN)"),
        ("$(NEITHER)", "$(NEITHER)"), ("a$(OWN)b$(SYSTEM)c", "a$$(OWN)b$(SYSTEM)c"), ("$", "$"), ("$(", "$("),
        ("$(OWN", "$(OWN"), ("", ""), ("100%", "100%"), ("$OWN ${OWN}", "$OWN ${OWN}"),
    ])
    func valuesSpeakOfWhatTheSystemSetsAndNotOfOneAnother(value: String, written: String) {
        let list = ContainerVariables(
            system: [.text("SYSTEM", "s")], own: ["OWN": "o", "X": value], secret: "s"
        ).list
        #expect(list.first { $0.name == "X" }?.value == written)
    }

    @Test func aSecretStandsInNoObjectButTheSecret() throws {
        let list = ContainerVariables(
            system: [], own: ["AUTH": "Bearer ${secret.api-key}", "B": "${secret.api-key}"], secret: "bai-1"
        ).list
        let reference = EnvironmentVariable.SecretKey(name: "bai-1", key: "secret.api-key")
        #expect(
            list == [
                EnvironmentVariable(
                    name: "BAI_SECRET_api-key", valueFrom: .init(secretKeyRef: reference)),
                .text("AUTH", "Bearer $(BAI_SECRET_api-key)"), .text("B", "$(BAI_SECRET_api-key)"),
            ])
        var request = Cases.request { $0.env.vars = ["AUTH": "Bearer ${secret.api-key}"] }
        request.secrets = ["api-key": "hunter2", "other": "unused"]
        let attempt = try AttemptRenderer(Cases.settings).render(request)
        #expect(attempt.secret?.stringData["secret.api-key"] == "hunter2")
        #expect(attempt.secret?.stringData["secret.other"] == nil)
        for object in attempt.objects.dropFirst() {
            #expect(try !JSONCoding.text(object).contains("hunter2"))
        }
    }

    @Test func aMatrixValueIsALiteralUnderBothNames() {
        let variables = SystemVariables.parameters(["size": "$(HOME)", "rate": 1.5, "on": true, "n": 3])
        #expect(
            variables == [
                .text("BAI_MATRIX_N", "3"), .text("BAI_MATRIX_ON", "true"), .text("BAI_MATRIX_RATE", "1.5"),
                .text("BAI_MATRIX_SIZE", "$$(HOME)"), .text("n", "3"), .text("on", "true"),
                .text("rate", "1.5"), .text("size", "$$(HOME)"),
            ])
    }
}
