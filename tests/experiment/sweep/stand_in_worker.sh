#!/bin/sh
# Stands in for `pollard worker STORE ID`: does what the job's label says; when it is tried again, it
# does well, but for jobs that always fail or crash.
store=$2
id=$3
label=$(sed -n 's/.*"label": "\(.*\)".*/\1/p' "$store/jobs/$id.json")
echo '{"label": "stand-in", "done": 1, "total": 2}'
echo "$id" >> "$store/started"
tries=$(grep -c "$id" "$store/started")

finish() {
  mkdir -p "$store/$id"
  echo '{}' > "$store/$id/stage.json"
  exit 0
}

[ "$tries" -gt 1 ] && [ "$label" != fail ] && [ "$label" != crash ] && finish
case $label in
  fail)
    mkdir -p "$store/failed"
    echo '{"error": "the loss is not finite", "hint": "lower it"}' > "$store/failed/$id.json"
    exit 1
    ;;
  vanish) exit 3 ;;
  kill) kill -9 $$ ;;
  crash) kill -11 $$ ;;
  busy) exit 75 ;;
  hang) exec sleep 60 ;;
  stop)
    trap 'exit 143' TERM
    kill -TERM "$PPID"
    sleep 60 &
    wait
    ;;
esac
finish
