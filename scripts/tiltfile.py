"""Evaluates the Tiltfile; run by scripts/check-tiltfile. Leaves the platform that it deploys in target/tiltfile/, and below pods/
there the files that its ConfigMaps put into pods."""

import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys

import starlark
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Made by the step that compiles; of Tilt's own concern otherwise.
STAGED = pathlib.PurePath("target/tilt")
# Images whose `tar` and shell a live update uses.
WITH_TAR = ["docker.io/library/busybox:*", "docker.io/library/alpine:*", "docker.io/library/debian:*"]
WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"]

problems = []


def check(holds, problem):
    if not holds:
        problems.append(problem)


class Tilt:
    """What the Tiltfile has said."""

    def __init__(self):
        self.objects, self.images, self.resources, self.local_resources, self.kinds = [], {}, {}, {}, {}
        self.watched = []

    # ── what is deployed

    def k8s_yaml(self, source):
        for one in source if isinstance(source, list) else [source]:
            text = one if "\n" in one else self.file(one).read_text()
            self.objects += [made for made in yaml.safe_load_all(text) if made]

    def helm(self, chart, name="", namespace="", values=(), set=()):
        # Tilt leaves the objects of `helm test` out, too.
        command = [os.environ.get("HELM", "helm"), "template", name, str(self.file(chart)), "--namespace", namespace, "--skip-tests"]
        command += [word for file in values for word in ["--values", str(self.file(file))]]
        command += [word for setting in set for word in ["--set", setting]]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def read_yaml(self, path):
        return yaml.safe_load(self.file(path).read_text())

    def encode_yaml(self, value):
        return yaml.safe_dump(value, sort_keys=False) + "\n"

    def local(self, command, quiet=False):
        words = command.split()
        if words[0] == "mkdir":
            return ""
        # What kubectl would make of a folder.
        wanted = re.fullmatch(r"kubectl create configmap (\S+) --from-file=(\S+) --dry-run=client --output=yaml", command)
        if not wanted:
            problems.append(f"local: this check does not know what `{command}` prints")
            return ""
        name, folder = wanted.groups()
        data = {path.name: path.read_text() for path in sorted(self.file(folder).iterdir()) if path.is_file()}
        check(data, f"local: {folder} holds no files")
        return yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})

    # ── images

    def docker_build(self, ref, context, dockerfile_contents="", dockerfile="", live_update=(), only=(), ignore=()):
        text = dockerfile_contents or self.file(dockerfile or f"{context}/Dockerfile").read_text()
        check(ref not in self.images, f"{ref} is built twice")
        self.images[ref] = {"context": pathlib.PurePath(context), "dockerfile": text, "steps": list(live_update)}

    def custom_build(self, ref, command, deps, live_update=(), ignore=(), **_):
        for path in deps:
            self.file(path)
        self.images[ref] = {"context": None, "dockerfile": "", "steps": list(live_update)}

    def sync(self, source, target):
        return {"step": "sync", "source": source, "target": target}

    def run(self, command, trigger=()):
        return {"step": "run", "command": command}

    def fall_back_on(self, files):
        return {"step": "fall_back_on", "files": [files] if isinstance(files, str) else files}

    # ── resources

    def k8s_kind(self, kind, image_json_path="", pod_readiness=""):
        self.kinds[kind] = image_json_path

    def k8s_resource(self, workload, **options):
        check(workload not in self.resources, f"k8s_resource {workload} stands twice")
        self.resources[workload] = options

    def local_resource(self, name, cmd="", serve_cmd="", deps=(), ignore=(), **options):
        for path in deps:
            self.file(path)
        for command in [cmd, serve_cmd]:
            words = command.split() if isinstance(command, str) else [part for word in command for part in word.split()]
            for word in words:
                if word.startswith("./"):
                    path = self.file(word)
                    check(not path.is_file() or path.stat().st_mode & 0o100, f"{name}: {word} is not executable")
        self.local_resources[name] = options

    def watch_file(self, path):
        self.watched.append(self.file(path))

    def port_forward(self, local_port, container_port=0, name="", link_path="", host=""):
        return {"local": local_port, "container": container_port or local_port}

    def link(self, url, name=""):
        return {"url": url, "name": name}

    # ── what each of them is held to

    def file(self, path):
        found = ROOT / path
        is_staged = pathlib.PurePath(path).is_relative_to(STAGED)
        check(is_staged or found.exists(), f"{path} does not exist")
        return found


def name_of(made):
    return made["metadata"]["name"]


def pod_images(made):
    spec = made.get("spec", {})
    pod = spec.get("jobTemplate", spec).get("spec", spec) if made["kind"] == "CronJob" else spec
    pod = pod.get("template", {}).get("spec", pod)
    return [container["image"].rsplit(":", 1)[0] for container in pod.get("containers", [])]


def check_resources(tilt, workloads):
    names = [name_of(made) for made in workloads]
    for name, options in tilt.resources.items():
        check(name in names, f"k8s_resource {name}: nothing that is deployed has this name; there are {', '.join(names)}")
        for before in options.get("resource_deps", []):
            check(before in names or before in tilt.local_resources, f"{name} waits for {before}, which does not exist")
        if options.get("discovery_strategy") == "selectors-only":
            check(options.get("extra_pod_selectors"), f"{name} finds no pods: it has no selectors")
    for kind in tilt.kinds:
        check(any(made["kind"] == kind for made in tilt.objects), f"k8s_kind {kind}: nothing of this kind is deployed")
    forwards = [port for options in tilt.resources.values() for port in listed(options.get("port_forwards", []))]
    ports = [port["local"] for port in forwards]
    check(len(set(ports)) == len(ports), f"two resources are forwarded to one port of this machine: {ports}")


def listed(value):
    return value if isinstance(value, list) else [value]


def check_image(ref, image, used, staged):
    check(ref in used, f"nothing that is deployed has the image {ref}")
    base = re.search(r"^FROM (\S+)", image["dockerfile"], re.MULTILINE)
    for copied in re.findall(r"^COPY (\S+) ", image["dockerfile"], re.MULTILINE):
        path = str(image["context"] / copied)
        check(path in staged, f"{ref} copies {path}, which scripts/stage-for-tilt does not make")
    kinds = [step["step"] for step in image["steps"]]
    order = [kind for wanted in ["fall_back_on", "sync", "run"] for kind in kinds if kind == wanted]
    check(kinds == order, f"{ref}: Tilt wants fall_back_on first, then sync, then run, not {kinds}")
    if not kinds:
        return
    check("sync" in kinds and "run" in kinds, f"{ref}: a live update has something to put and says what then")
    can_be_put = base and any(fnmatch.fnmatch(base[1], known) for known in WITH_TAR)
    check(can_be_put, f"{ref}: nothing can be put into a container of {base and base[1]}, which has no tar")
    for step in image["steps"]:
        for path in step.get("files", []) + [step[key] for key in ["source"] if key in step]:
            check(path in staged, f"{ref}: {path} is not made by scripts/stage-for-tilt")
            check(pathlib.PurePath(path).is_relative_to(image["context"]), f"{ref}: {path} is not in the context of the image")


def check_platform(tilt, platform):
    """What is put into a service goes where the service can be written, and only the services get it."""
    mounted = {}
    for service, component in platform["spec"].get("components", {}).items():
        pod = component["podOverrides"]["spec"]
        writable = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
        mounts = [mount for container in pod["containers"] for mount in container["volumeMounts"]]
        mounted[service] = {mount["mountPath"] for mount in mounts if mount["name"] in writable}
    steps = tilt.images[platform["spec"]["image"]]["steps"]
    targets = [str(pathlib.PurePath(step["target"]).parent) for step in steps if step["step"] == "sync"]
    for service, folders in mounted.items():
        check(folders.issuperset(targets), f"{service} cannot be written at {targets}: the root of its pods is read-only")
    crd = next(made for made in tilt.objects if made["kind"] == "CustomResourceDefinition" and made["spec"]["names"]["kind"] == "SocialPlatform")
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    services = set(schema["components"]["properties"])
    check(set(mounted) == services, f"the services are {sorted(services)}, and those of the Tiltfile {sorted(mounted)}")
    selectors = tilt.resources[name_of(platform)]["extra_pod_selectors"]
    found = {selector["app.kubernetes.io/component"] for selector in selectors}
    check(found == services, f"Tilt looks for the pods of {sorted(found)}")
    wrong = [selector for selector in selectors if selector["app.kubernetes.io/instance"] != name_of(platform)]
    check(not wrong, f"pods of another platform: {wrong}")


def config_files(tilt, made):
    """The files that ConfigMaps put into the containers of a Deployment, by path."""
    maps = {name_of(one): one.get("data", {}) for one in tilt.objects if one["kind"] == "ConfigMap"}
    pod = made["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume["configMap"]["name"] for volume in pod.get("volumes", []) if "configMap" in volume}
    files = {}
    for mount in [mount for container in pod["containers"] for mount in container.get("volumeMounts", []) if mount["name"] in volumes]:
        data, path = maps.get(volumes[mount["name"]]), mount["mountPath"]
        if data is None:
            problems.append(f"{name_of(made)} wants the ConfigMap {volumes[mount['name']]}, which nobody makes")
        elif "subPath" not in mount:
            files |= {f"{path}/{name}": text for name, text in data.items()}
        elif mount["subPath"] in data:
            files[path] = data[mount["subPath"]]
        else:
            problems.append(f"{name_of(made)}: {volumes[mount['name']]} has no {mount['subPath']}")
    return files


def check_configurations(tilt, folder):
    """What is mounted can be read, and is where it is looked for. Writes it below a folder for each Deployment, so that others can
    read it: there, paths of mounted files lead below that folder, too."""
    shutil.rmtree(folder, ignore_errors=True)
    for made in [made for made in tilt.objects if made["kind"] == "Deployment"]:
        name, files = name_of(made), config_files(tilt, made)
        words = [word for container in made["spec"]["template"]["spec"]["containers"] for word in container.get("args", [])]
        told = re.findall(r"/etc/[\w./-]+", " ".join(words)) if files else []
        for path in told:
            check(path in files, f"{name} is told of {path}, which is not mounted; there are {', '.join(files)}")
        folders = {str(pathlib.PurePath(path).parent) for path in files}
        for path, text in files.items():
            try:
                documents = list(yaml.safe_load_all(text))
            except yaml.YAMLError as error:
                problems.append(f"{path} of {name}: {error}")
                continue
            for pattern in documents[0].get("rule_files", []) if path in told else []:
                check(any(fnmatch.fnmatch(other, pattern) for other in files), f"{path} of {name}: there is no {pattern}")
            for parent in folders:
                text = text.replace(f"{parent}/", f"{folder / name}{parent}/")
            written = folder / name / path.removeprefix("/")
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text)


def staged_files():
    """What scripts/stage-for-tilt puts there, by its own words."""
    lines = (ROOT / "scripts/stage-for-tilt").read_text()
    files = set()
    for target in re.findall(r'^(?:for .*)?\bput \d+ .* "?(target/tilt/[^";\s]+)', lines, re.MULTILINE):
        files |= {target.replace("$image", image) for image in ["services", "operator"]}
    return files


def evaluate(tilt):
    dialect = starlark.Dialect.standard()
    dialect.enable_def = dialect.enable_lambda = dialect.enable_load = True
    # Tilt's own dialect has these at the top as well.
    dialect.enable_top_level_stmt = True
    module = starlark.Module()
    for name in dir(Tilt):
        if not name.startswith("_") and name != "file":
            module.add_callable(name, getattr(tilt, name))
    try:
        program = starlark.parse("Tiltfile", (ROOT / "Tiltfile").read_text(), dialect)
        starlark.eval(module, program, starlark.Globals.standard())
    except starlark.StarlarkError as error:
        sys.exit(f"{error}")


def main():
    tilt = Tilt()
    evaluate(tilt)
    workloads = [made for made in tilt.objects if made["kind"] in [*WORKLOADS, *tilt.kinds]]
    check_resources(tilt, workloads)
    platform = next(made for made in tilt.objects if made["kind"] == "SocialPlatform")
    used = {image for made in workloads for image in pod_images(made)} | {platform["spec"].get("image")}
    for ref, image in tilt.images.items():
        check_image(ref, image, used, staged_files())
    check_platform(tilt, platform)
    folder = ROOT / "target/tiltfile"
    check_configurations(tilt, folder / "pods")
    if problems:
        sys.exit("\n".join(problems))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "platform.yaml").write_text(yaml.safe_dump(platform, sort_keys=False))
    print(f"the Tiltfile deploys {len(tilt.objects)} objects and builds {len(tilt.images)} images, and all it names is there")


main()
