internal import JSON

/// Every key of the descriptor.
enum DescriptorKeys {
    static let all: [DescriptorKey] = [
        .required(
            "spec_version", .text(.version), example: "\"0.1.0\"",
            "The version of the descriptor's form; `0.1.0` is the current one."),
        .required("info", .table(info), "What the benchmark is."),
        .required("hardware", .table(hardware), "The machines it runs on."),
        .required("env", .table(env), "The container it runs in, and its environment."),
        .optional("ml", .table(ml), "The command. Without this table the image's own entry point runs."),
        .optional("data", .table(data), "What is fetched before the benchmark starts."),
        .optional("output", .table(output), "What is measured."),
        .optional(
            "server", .table(server),
            "What an inference benchmark is measured against: only with `strategy = \"inference\"`."),
        .key(
            "run", .table(run), default: [:], "How it is measured, and how long each part of a run may take."),
        .optional(
            "matrix", .matrix,
            """
            A sweep: one run for each combination of the values. Each key is an axis with an array of values; `include` and `exclude` \
            are arrays of tables that add and remove combinations. `${matrix.<axis>}` stands for the value in any string of the descriptor.
            """),
        .optional("schedule", .table(schedule), "When it runs by itself."),
        .key("alarms", .tables(alarm), default: [], "When the team wants to hear about a metric."),
        .key(
            "custom_params", .table(customParams), default: [:],
            "What execution engines other than the built-in ones read."),
    ]

    static let info: [DescriptorKey] = [
        .required(
            "description", .text(.any), example: "\"ResNet-50 on ImageNet\"",
            "What the benchmark is, for people."),
        .optional(
            "task_name", .text(.line), example: "\"resnet50\"",
            "The benchmark's name. Runs of one name, with the same labels and on the same kind of machine, form one history."
        ),
        .key(
            "execution_engine", .choice(Descriptor.ExecutionEngine.self), default: "default",
            "Who runs it. `default` is whatever the installation runs benchmarks with."),
        .key(
            "scheduling", .text(.scheduling), default: "single_run", example: "\"0 3 * * *\"",
            "A cron expression, or `single_run`. `[schedule]` says more; only one of the two may be given."),
        .key(
            "labels", .texts(key: .labelName, value: .labelValue, limit: 32), default: [:],
            example: "{ team = \"vision\" }",
            "What the team tells its runs apart by: up to 32 names with values."),
    ]

    static let hardware: [DescriptorKey] = [
        .required(
            "instance_type", .text(.word), example: "\"c5.xlarge\"",
            "The type of machine. A local installation has one machine and ignores it."),
        .key(
            "strategy", .choice(Descriptor.Strategy.self), default: "single_node",
            "`single_node`: one container. `distributed`, also called `horovod`: several machines that work together. `inference`: a client that measures a server."
        ),
        .optional("aws_zone_id", .text(.word), example: "\"use1-az1\"", "The zone, by its id."),
        .optional(
            "availability_zone", .text(.word), example: "\"us-east-1a\"",
            "The zone, by its name; wins over `aws_zone_id`."),
        .optional(
            "gpus", .integer(0...64), example: "1",
            "GPUs of one machine. Needed only where the instance type does not tell."),
        .optional(
            "cpus", .integer(1...1024), example: "4",
            "Cores of a container on Kubernetes; the installation has a default. A local installation gives what the machine has."
        ),
        .optional(
            "memory", .size(1 << 20...Int64.max), example: "\"8GiB\"",
            "Memory of a container on Kubernetes; without it `run.limits.memory`, or the installation's default."
        ),
        .key(
            "distributed", .table(distributed), default: [:],
            "How many machines and processes: only for distributed strategies."),
    ]

    static let distributed: [DescriptorKey] = [
        .key("num_instances", .integer(1...1000), default: 2, "How many machines."),
        .key(
            "processes_per_instance", .text(.processes), default: "1", example: "\"gpus\"",
            "Processes on each machine: a number, or `gpus` for one on each GPU."),
        .key(
            "launcher", .choice(Descriptor.Launcher.self), default: "none",
            """
            `none`: the command starts in each process, with `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and a hostfile. \
            `mpi`: it runs once and starts the others, as `mpirun` does; on Kubernetes a Kubeflow MPIJob.
            """),
    ]

    static let env: [DescriptorKey] = [
        .required(
            "docker_image", .text(.word), example: "\"python:3.12-slim\"",
            "The container image. A local installation runs processes and only records it."),
        .key(
            "privileged", .boolean, default: false,
            "Whether the container is privileged. The installation has to allow it."),
        .key(
            "extended_shm", .boolean, default: true,
            "Whether `/dev/shm` may use more than the runtime's usual 64 MiB."),
        .key(
            "vars", .texts(key: .variableName, value: .any, limit: 1000), default: [:],
            example: "{ OMP_NUM_THREADS = \"4\" }",
            """
            Environment variables. `$(NAME)` in a value is replaced by what the system sets, such as `$(BAI_DATA_TRAIN)`, \
            and `${secret.NAME}` by a secret of the installation. Names beginning with `BAI_` and `BENCHMARK_AI` are the system's own.
            """),
    ]

    static let ml: [DescriptorKey] = [
        .optional(
            "benchmark_code", .text(.command), example: "\"python3 train.py\"",
            "The command, split into words as a shell would, but run without one. `$(NAME)` is replaced from the environment, and `$$` stands for one `$`, as in Kubernetes."
        ),
        .optional(
            "args", .text(.command), example: "\"--batch-size 32\"", "More arguments, split the same way."),
        .key(
            "framework", .choice(Descriptor.Framework.self), default: "", example: "\"tensorflow\"",
            "The framework that an execution engine brings along; empty for none."),
        .optional(
            "framework_version", .text(.word), example: "\"2.15\"", "Its version; only with `framework`."),
        .optional("script", .table(script), "The team's own files, beside the descriptor."),
    ]

    static let script: [DescriptorKey] = [
        .required(
            "script", .text(.script), example: "\".\"",
            "A folder, a file or a tar archive, copied to where the benchmark runs; `BAI_SCRIPTS_PATH` names the place."
        )
    ]

    static let data: [DescriptorKey] = [
        .key(
            "sources", .tables(source), default: [],
            "Each is fetched once, kept by its content and given to every run that asks for it.")
    ]

    static let source: [DescriptorKey] = [
        .required(
            "src", .text(.address), example: "\"https://example.com/data.tar.gz\"",
            "Where it comes from: `http:`, `https:`, `s3:`, `file:`, or a path beside the descriptor. `${secret.NAME}` in the user, password or query of an http(s) address stands for a secret of the installation."
        ),
        .required(
            "path", .text(.path), example: "\"/data/train\"",
            "Where the benchmark finds it; a local installation places it below the benchmark's own folder."),
        .optional(
            "id", .text(.word), example: "\"train\"",
            "A name for it: `BAI_DATA_<ID>` holds the path. Without an id the variable ends with the number, from 0."
        ),
        .optional(
            "md5", .text(.md5), example: "\"d41d8cd98f00b204e9800998ecf8427e\"",
            "What has to arrive: 32 hexadecimal digits."),
        .optional(
            "sha256", .text(.sha256),
            example: "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "What has to arrive: 64 hexadecimal digits. Without a digest whatever arrives is taken, and its digest recorded."
        ),
        .key("unpack", .boolean, default: false, "Whether it is an archive to be unpacked into `path`."),
        .optional(
            "max_size", .size(1...Int64.max), example: "\"10GB\"",
            "A larger download fails; the installation has a limit too."),
    ]

    static let output: [DescriptorKey] = [
        .key(
            "metrics", .tables(metric), default: [], "The metrics that this descriptor says something about.")
    ]

    static let metric: [DescriptorKey] = [
        .required(
            "name", .text(.metricName), example: "\"latency\"", "The metric's name, as `emit()` uses it."),
        .key(
            "units", .text(.line), default: "", example: "\"ms\"",
            "Its unit, for people. Results of different units are never compared."),
        .optional(
            "pattern", .text(.pattern), example: "'latency=([0-9.]+)'",
            """
            A regular expression, matched against each line that the benchmark prints, any number of times. The group called `value`, or else the first one, is the value; \
            without a group the whole match is. Not needed where the benchmark calls `emit()`.
            """),
        .key(
            "direction", .choice(Descriptor.Direction.self), default: "none",
            "Which way is better: `lower` or `higher`. With `none` a change either way is just a change."),
        .key(
            "labels", .list(.text(.labelName), count: 0...8), default: [], example: "[\"phase\"]",
            "Names of labels given to `emit()` whose values tell series apart."),
    ]

    static let customParams: [DescriptorKey] = [
        .optional("python_version", .text(.word), example: "\"py3\"", "For `aws.sagemaker`."),
        .optional("sagemaker_job_name", .text(.word), example: "\"resnet50\"", "For `aws.sagemaker`."),
        .optional(
            "dashboard", .text(.line), example: "\"vision\"",
            "A label on metrics: the dashboard they are shown on."),
        .optional(
            "region", .text(.word), example: "\"us-east-1\"", "A label on metrics: where they come from."),
        .optional("merge", .boolean, example: "false", "For `aws.sagemaker`."),
        .key(
            "hyper_params", .anything, default: [:], example: "{ epochs = 10 }",
            "Anything: passed on to the engine."),
    ]
}
