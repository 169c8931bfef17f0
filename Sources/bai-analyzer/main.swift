import AnalyzerService
import Deployment
import Notification

await ServiceProgram.run("bai-analyzer") { context in
    let settings = context.notificationSettings
    return Analyzer(
        channels: context.channels(settings), giveUpAfter: settings.giveUpAfter, output: context.output)
}
