#!/bin/sh
# Make a standby the primary of a service's database. Statements wait in its poolers meanwhile. Needs kubectl-cnpg.
#     sh deploy/kubernetes/switchover.sh posts posts-db-2
# NAMESPACE is trivium by default.
set -eu
[ $# -eq 2 ] || { echo "usage: switchover.sh SERVICE STANDBY" >&2; exit 2; }
service=$1 standby=$2 namespace=${NAMESPACE:-trivium}
kube() { kubectl --namespace "$namespace" --request-timeout 20s "$@"; }
pause() { kube patch pooler "$service-pooler" --type merge --patch "{\"spec\": {\"pgbouncer\": {\"paused\": $1}}}"; }
resume() {
    trap '' HUP INT TERM
    until pause false; do
        echo "switchover.sh: the poolers of $service are still paused; trying again" >&2
        sleep 1
    done
}

kubectl cnpg version
kube wait --timeout 1s --for condition=Ready "cluster/$service-db" "pod/$standby"
labels='jsonpath={.metadata.labels.cnpg\.io/cluster} {.metadata.labels.cnpg\.io/instanceRole}'
found=$(kube get pod "$standby" --output "$labels")
[ "$found" = "$service-db replica" ] || { echo "switchover.sh: $standby is no standby of $service-db" >&2; exit 1; }

trap resume EXIT # a paused pooler answers nobody
trap 'exit 1' HUP INT TERM
pause true
sleep 1 # the poolers see it, and end their transactions
kubectl cnpg --namespace "$namespace" promote "$service-db" "$standby"
kube wait --timeout 15s --for "jsonpath={.status.currentPrimary}=$standby" "cluster/$service-db"
kube wait --timeout 15s --for 'jsonpath={.metadata.labels.cnpg\.io/instanceRole}=primary' "pod/$standby"
sleep 1 # the nodes see that the Service leads there
