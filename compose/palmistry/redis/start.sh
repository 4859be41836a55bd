#!/bin/sh
# Start a Redis or a sentinel from a configuration in its volume: sentinels write roles into it, and a role that is
# forgotten at a restart would bring an old primary back. To change a setting, change it here and in the running server.
set -eu
role=$1

case $role in
  primary | replica)
    if [ ! -f /data/redis.conf ]; then
      cp /etc/redis/redis.conf /data/redis.conf
      if [ "$role" = replica ]; then
        printf '%s\n' 'replica-announce-ip redis-replica' 'replicaof redis 6379' >>/data/redis.conf
      else
        echo 'replica-announce-ip redis' >>/data/redis.conf
      fi
    fi
    exec redis-server /data/redis.conf
    ;;
  sentinel)
    [ -f /data/sentinel.conf ] || cp /etc/redis/sentinel.conf /data/sentinel.conf
    exec redis-server /data/sentinel.conf --sentinel
    ;;
  *)
    echo "start.sh: $role is neither primary, replica nor sentinel" >&2
    exit 2
    ;;
esac
