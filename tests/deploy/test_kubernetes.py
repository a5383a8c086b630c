"""The rules for our manifests find violations; `make check` applies them to the rendered manifests."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from deploy.kubernetes import budget as connections
from deploy.kubernetes import policies
from deploy.kubernetes.check import FOLDER, schema_errors
from deploy.kubernetes.flows import clusters_work, store_works
from deploy.kubernetes.manifests import COMPONENT, NAME, Manifest, of_kind
from deploy.kubernetes.policies import Rule
from deploy.kubernetes.secrets import all_secrets
from deploy.services import CLIENTS, DATABASES, REGISTRY

Change = Callable[[dict[str, Any]], object]


def read(name: str) -> list[Manifest]:
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


@pytest.fixture
def api() -> Manifest:
    """The Deployment of every service, as rendered by Kustomize."""
    (deployment,) = of_kind(read("base/service/api.yaml"), "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    pod["containers"][0]["image"] = "registry.example.com/trivium-posts:0.1.0"
    pod["volumes"].append({"name": "secrets", "projected": {"sources": []}})
    return copy.deepcopy(deployment)  # objects of YAML anchors are shared


def pod(deployment: Manifest) -> dict[str, Any]:
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


def container(deployment: Manifest) -> dict[str, Any]:
    first: dict[str, Any] = pod(deployment)["containers"][0]
    return first


BREAKS: list[tuple[Rule, Change]] = [
    (policies.pods_are_restricted, lambda d: pod(d)["securityContext"].update(runAsUser=1000)),
    (policies.pods_are_restricted, lambda d: pod(d)["securityContext"].pop("seccompProfile")),
    (policies.pods_are_restricted, lambda d: pod(d).pop("automountServiceAccountToken")),
    (policies.pods_are_restricted, lambda d: pod(d)["volumes"].append({"name": "host", "hostPath": {"path": "/"}})),
    (policies.pods_are_restricted, lambda d: pod(d).update(hostNetwork=True)),
    (policies.containers_are_locked, lambda d: container(d)["securityContext"].pop("allowPrivilegeEscalation")),
    (policies.containers_are_locked, lambda d: container(d)["securityContext"].pop("readOnlyRootFilesystem")),
    (policies.containers_are_locked, lambda d: container(d)["securityContext"]["capabilities"].update(add=["NET_RAW"])),
    (policies.containers_have_bounds, lambda d: container(d)["resources"]["limits"].pop("memory")),
    (policies.images_have_tags, lambda d: container(d).update(image="trivium-posts")),
    (policies.images_have_tags, lambda d: container(d).update(image="trivium-posts:latest")),
    (policies.values_are_not_empty, lambda d: container(d).update(env=[{"name": "RELAY", "value": ""}])),
    (policies.nothing_is_a_template, lambda d: container(d).update(args=["{{ .Values.args }}"])),
    (policies.strategies_have_a_type, lambda d: d["spec"]["strategy"].pop("type")),
    (policies.probes_differ, lambda d: container(d).pop("startupProbe")),
    (policies.probes_differ, lambda d: container(d).update(livenessProbe=container(d)["readinessProbe"])),
    (policies.probes_differ, lambda d: container(d).pop("lifecycle")),
    (policies.replicas_are_spread, lambda d: pod(d)["topologySpreadConstraints"].pop()),
    (policies.replicas_are_spread, lambda d: pod(d)["topologySpreadConstraints"][0].pop("labelSelector")),
    (policies.replicas_are_spread, lambda d: pod(d)["topologySpreadConstraints"][0].pop("matchLabelKeys")),
    (policies.replicas_are_spread, lambda d: pod(d)["topologySpreadConstraints"].append({"topologyKey": "zone"})),
    (policies.replicas_are_spread, lambda d: pod(d).pop("affinity")),
    (policies.replicas_leave_lost_nodes, lambda d: pod(d).pop("tolerations")),
    (policies.replicas_leave_lost_nodes, lambda d: pod(d)["tolerations"][0].update(tolerationSeconds=300)),
    (policies.secrets_are_references, lambda d: container(d).update(env=[{"valueFrom": {"secretKeyRef": {}}}])),
    (policies.references_lead_somewhere, lambda d: container(d)["envFrom"].append({"configMapRef": {"name": "none"}})),
]
OF_ONE_POD = sorted({rule for rule, _ in BREAKS}, key=lambda rule: rule.__name__)
CONFIG = [{"kind": "ConfigMap", "metadata": {"name": name}} for name in ("trivium", "settings")]


def test_what_we_have_breaks_no_rule(api: Manifest) -> None:
    assert [error for rule in OF_ONE_POD for error in rule([api, *CONFIG])] == []


@pytest.mark.parametrize(("rule", "change"), BREAKS)
def test_a_rule_finds_what_breaks_it(api: Manifest, rule: Rule, change: Change) -> None:
    change(api)
    assert list(rule([api, *CONFIG]))


@pytest.mark.parametrize(("tag", "found"), [("17-standard-trixie", 1), ("17.10-standard@sha256:" + "0a" * 32, 0)])
def test_a_database_whose_version_moves_is_found(tag: str, found: int) -> None:
    """S-51"""
    spec = {"imageName": f"ghcr.io/cloudnative-pg/postgresql:{tag}"}
    cluster = {"kind": "Cluster", "metadata": {"name": "posts-db"}, "spec": spec}
    assert len(list(policies.images_have_tags([cluster]))) == found


HASHED = "posts-migrate-62t4t4kbh7"


def migration(name: str, image: str) -> list[Manifest]:
    (job,) = read("base/service/migrate.yaml")
    job["metadata"]["name"] = name
    container(job)["image"] = image
    return [job]


@pytest.mark.parametrize("name", ["posts-migrate", "posts-migrate-0.2.0", "posts-migrate-0.2.0-62t4t4kbh7"])
def test_a_job_whose_name_stays_or_names_no_pod_is_found(name: str) -> None:
    assert list(policies.jobs_are_named_by_their_content(migration(name, "trivium-posts:0.2.0")))
    assert list(policies.jobs_are_named_by_their_content(migration(HASHED, "trivium-posts:0.2.0"))) == []


@pytest.mark.parametrize(("bound", "value"), [("backoffLimit", 30), ("activeDeadlineSeconds", 7200)])
def test_a_job_that_could_migrate_after_a_rollback_is_found(bound: str, value: int) -> None:
    (job,) = migration(HASHED, "trivium-posts:0.2.0")
    assert list(policies.jobs_end([job])) == []
    job["spec"][bound] = value
    assert len(list(policies.jobs_end([job]))) == 1
    del job["spec"][bound]
    assert len(list(policies.jobs_end([job]))) == 1


@pytest.mark.parametrize("host", ["posts-db", "posts-db.trivium", "posts-db-0.posts-db.trivium.svc", "posts-db-rw"])
def test_an_address_that_ends_with_its_pod_is_found(host: str) -> None:
    """A database that was away for 4 s was unreachable for 29 s: its name did not exist, and DNS cached that."""
    found = [f"ConfigMap/settings connects to {host}, a Service without an address"]
    settings = {"DATABASE_URL": f"postgresql://posts@{host}:5432/posts"}
    services = of_kind(read("overlays/local/database/db/database.yaml"), "Service")
    for service in services:
        service["metadata"]["name"] = f"posts-{service['metadata']['name']}"
    config = {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": settings}
    errors = list(policies.headless_services_are_not_addresses([*services, config]))
    assert errors == ([] if host == "posts-db-rw" else found)


def test_a_namespace_in_reach_of_delete_is_found() -> None:
    namespaces = read("namespace.yaml")
    assert list(policies.namespace_enforces(namespaces)) == []
    assert list(policies.namespace_is_apart(namespaces)) == ["Namespace/trivium must not be part of an overlay"]


def test_a_migration_whose_settings_change_their_name_is_found() -> None:
    (job,) = migration(HASHED, "trivium-posts:0.1.0")
    assert list(policies.migrations_name_what_stays([job])) == []
    container(job)["envFrom"].append({"configMapRef": {"name": "posts-settings-5mmd8kktd2"}})
    (found,) = policies.migrations_name_what_stays([job])
    assert "names posts-settings-5mmd8kktd2" in found


def test_a_secret_in_a_file_is_found() -> None:
    config = {
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"REFRESH_KEY": "x", "REFRESH_KEY_FILE": ""},
    }
    found = list(policies.secrets_are_references([*all_secrets(local=True)[:1], config]))
    assert found == [
        "Secret/auth-keys belongs into the cluster, not into a file",
        "ConfigMap/settings holds REFRESH_KEY",
    ]


@pytest.mark.parametrize(
    ("proxies", "found"),
    [
        ('["10.244.0.0/16", "192.0.2.7", "fd00:10:244::/56"]', 0),
        ('["192.0.2.7", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "172.0.0.0/8"]', 5),
        ("[]", 1),
    ],
)
def test_proxies_that_are_everybody_or_nobody_are_found_in_production(proxies: str, found: int) -> None:
    """S-13"""
    data = {"PROFILE": "production", "ISSUER": "https://api.example.com", "TRUSTED_PROXIES": proxies}
    config = {"kind": "ConfigMap", "metadata": {"name": "trivium"}, "data": data}
    assert len(list(policies.proxies_are_named([config]))) == found
    data["PROFILE"] = "local"
    assert list(policies.proxies_are_named([config])) == []


@pytest.mark.parametrize(("edge", "found"), [("192.0.2.0/24 2001:db8::/32", 0), ("10.0.0.0/8", 1), ("2000::/3", 1)])
def test_proxies_in_front_of_the_gateway_that_are_everybody_are_found_in_production(edge: str, found: int) -> None:
    """S-13"""
    data = {"PROFILE": "production", "ISSUER": "https://api.example.com", "TRUSTED_PROXIES": '["10.244.0.0/16"]'}
    config = {"kind": "ConfigMap", "metadata": {"name": "trivium"}, "data": data | {"EDGE_PROXIES": edge}}
    assert len(list(policies.proxies_are_named([config]))) == found


def test_all_is_denied_that_is_not_allowed() -> None:
    ours = read("base/network.yaml")
    assert list(policies.nothing_speaks_by_default(ours)) == []
    (without_default,) = policies.nothing_speaks_by_default(ours[1:])
    assert without_default == "no NetworkPolicy denies all that is not allowed"
    del ours[2]["spec"]["ingress"][0]["ports"]
    assert list(policies.nothing_speaks_by_default(ours)) == ["NetworkPolicy/auth allows every port (ingress)"]


def test_the_jobs_that_make_replicas_reach_an_instance_and_other_services_do_not() -> None:
    """They have labels of their cluster and their role as a Job, but not of instances."""
    clusters = [{"kind": "Cluster", "metadata": {"name": f"{name}-db"}} for name in DATABASES]
    ours = [*read("base/network.yaml"), *read("overlays/production/network.yaml"), *clusters]
    assert list(clusters_work(ours)) == []
    instances = {"matchLabels": {"cnpg.io/cluster": "auth-db", "cnpg.io/podRole": "instance"}}
    (database,) = (one for one in ours if one["metadata"]["name"] == "auth-database")
    database["spec"]["podSelector"] = instances
    assert list(clusters_work(ours)) == ["the Job that makes a replica cannot reach an instance of auth-db"]
    database["spec"]["ingress"][0]["from"] = [{"podSelector": {}}]
    (out,) = (one for one in ours if one["metadata"]["name"] == "users-to-database-directly")
    out["spec"]["egress"][0]["to"] = [{"podSelector": {}}]
    assert "users can reach an instance of auth-db" in list(clusters_work(ours))


def test_a_missing_part_of_a_service_is_found() -> None:
    assert "users has no HorizontalPodAutoscaler" in list(policies.every_service_is_whole([]))


def test_schemas_refuse_unknown_fields_and_skip_what_is_not_kubernetes_own(api: Manifest) -> None:
    api["spec"]["replica"] = 3
    assert len(list(schema_errors([api, {"kind": "Cluster"}]))) == 2  # one for each version


def test_roles_are_set_up_as_everywhere_else() -> None:
    """Role, setting and value, in CloudNativePG's SQL and in that of all other deployments."""
    everywhere = (FOLDER.parent / "postgres" / "service-database.sql").read_text()
    here = (FOLDER / "overlays/production/database/roles.sql").read_text().replace("''", "'")
    wanted = set(re.findall(r'ALTER ROLE :"(\w+)" SET (\w+) = (.+);', everywhere))
    found = re.findall(r"'ALTER ROLE %I SET (\w+) = (.+)', (\w+)\);", here)
    assert len(wanted) > 4
    assert {(role, setting, value) for setting, value, role in found} == wanted


def service_of(replicas: int, pool: int, given: int) -> list[Manifest]:
    """The manifests for the budget; only production has relays and poolers."""
    rolling = {
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "minReadySeconds": 35,
        "template": {"spec": {"terminationGracePeriodSeconds": 35}},
    }
    settings = {"POOL_SIZE": str(pool), "READ_POOL_SIZE": str(pool), "MAX_OVERFLOW": "2"}
    server = {"template": {"spec": {"containers": [{"args": ["-c", f"max_connections={given}"]}]}}}
    made: list[Manifest] = [{"kind": "ConfigMap", "metadata": {"name": "trivium-5mmd8kktd2"}, "data": settings}]
    for name in DATABASES:
        made += [
            {"kind": "HorizontalPodAutoscaler", "metadata": {"name": f"{name}-api"}, "spec": {"maxReplicas": replicas}},
            {"kind": "Deployment", "metadata": {"name": f"{name}-api"}, "spec": rolling},
            {"kind": "Deployment", "metadata": {"name": f"{name}-relay"}, "spec": {"replicas": 1, **rolling}},
            {"kind": "StatefulSet", "metadata": {"name": f"{name}-db"}, "spec": server},
        ]
    return made


def test_the_connection_budget_counts_replicas_relays_what_an_update_adds_and_the_migration() -> None:
    asked = (6 + 1 + 1 + 1 + 1 + 1) * (5 + 5 + 2 * 2 + 1) + 1 + 10
    assert connections.asked_for(service_of(6, 5, 0), "auth") == asked
    assert list(connections.budget(service_of(6, 5, asked))) == []
    (first, *_) = connections.budget(service_of(6, 5, asked - 1))
    assert first == f"auth may ask for {asked} connections, and its database gives {asked - 1}"


def test_old_replicas_all_count_if_new_ones_do_not_wait_for_them_to_end() -> None:
    (deployment,) = of_kind(read("base/service/api.yaml"), "Deployment")
    assert connections.in_update(deployment, 6) == 6 + 1 + 1
    (relay,) = of_kind(read("base/service/relay.yaml"), "Deployment")
    assert connections.in_update(relay, 2) == 2 + 0 + 1
    deployment["spec"]["minReadySeconds"] = 34
    assert connections.in_update(deployment, 6) == 6 + 1 + 6


def test_poolers_fit_between_the_replicas_and_the_database() -> None:
    limits = {"default_pool_size": "40", "max_client_conn": "100"}
    pooler: Manifest = {
        "kind": "Pooler",
        "spec": {"cluster": {"name": "auth-db"}, "instances": 2, "pgbouncer": {"parameters": limits}},
    }
    assert list(connections.pooled(pooler, "auth", clients=100, given=130)) == []
    assert len(list(connections.pooled(pooler, "auth", clients=101, given=129))) == 2
    without: Manifest = {**pooler, "spec": {**pooler["spec"], "pgbouncer": {}}}
    assert list(connections.pooled(without, "auth", clients=100, given=70)) == []
    assert len(list(connections.pooled(without, "auth", clients=101, given=69))) == 2
    relays_and_migration = (1 + 1 + 1) * (1 + 1 + 2 * 2 + 1) + 1
    assert list(connections.budget([*service_of(1, 1, 130 + relays_and_migration), pooler])) == []
    (found,) = connections.budget([*service_of(1, 1, 129 + relays_and_migration), pooler])
    assert found == "auth's poolers may hold 120 connections, and its database leaves them 119"


def test_a_pooler_that_is_slow_to_reconnect_is_found() -> None:
    """A restarted database cost 16 s, of which 15 were a pause of PgBouncer."""
    (pooler,) = of_kind(read("overlays/production/database/db/database.yaml"), "Pooler")
    assert list(connections.poolers_reconnect([pooler])) == []
    found = ["Pooler/pooler waits 15 s after a failed attempt to reach its database"]
    del pooler["spec"]["pgbouncer"]["parameters"]["server_login_retry"]
    assert list(connections.poolers_reconnect([pooler])) == found
    del pooler["spec"]["pgbouncer"]["parameters"]
    assert list(connections.poolers_reconnect([pooler])) == found


def test_a_store_that_a_service_cannot_reach_or_anybody_else_can_is_found() -> None:
    def pod_of(name: str, component: str) -> Manifest:
        template = {"metadata": {"labels": {NAME: name, COMPONENT: component}}, "spec": {}}
        return {"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template}}

    store = [*yaml.safe_load_all((FOLDER.parent / "valkey/store.yaml").read_text())]
    ours = [*read("base/network.yaml"), *store, pod_of("users", "api"), pod_of("users-relay", "relay")]
    assert list(store_works(ours)) == []
    (to_store,) = (one for one in ours if one["metadata"]["name"] == "to-rate-limit-store")
    ours.remove(to_store)
    assert list(store_works(ours)) == ["Deployment/users cannot reach Deployment/rate-limit-store"]
    to_store["spec"]["podSelector"] = {}
    (to_it,) = (
        one for one in store if one["metadata"]["name"] == "rate-limit-store" and one["kind"] == "NetworkPolicy"
    )
    to_it["spec"]["ingress"][0]["from"] = [{"podSelector": {}}]
    found = list(store_works([*ours, to_store]))
    assert "Deployment/users-relay can reach Deployment/rate-limit-store" in found


def test_replicas_that_the_settings_do_not_tell_are_found() -> None:
    made = service_of(6, 5, 500)
    made[0]["data"]["REPLICAS"] = "6"
    assert list(connections.replicas_are_told(made)) == []
    made.append({"kind": "ConfigMap", "metadata": {"name": "auth-settings-5mmd8kktd2"}, "data": {"REPLICAS": "3"}})
    assert list(connections.replicas_are_told(made)) == ["auth may have 6 replicas, and its REPLICAS are 3"]


def test_made_secrets_are_new_and_those_for_trying_out_are_refused_in_production() -> None:
    values = [value for one in all_secrets(local=False) for value in one["stringData"].values() if len(value) > 20]
    assert len(values) == len(set(values)) == 2 * len(DATABASES) + len(CLIENTS) + len(REGISTRY["auth"].secrets) + 1
    assert not any(value.startswith("local-") for value in values)
    local = [value for one in all_secrets(local=True) for value in one["stringData"].values() if len(value) > 20]
    assert len(local) == len(values) + len(DATABASES)
    assert all(value.startswith("local-") for value in local)
