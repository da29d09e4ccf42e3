# shellcheck shell=bash
node_prepare() { :; }
node_start() { :; }
node_wait() { :; }
