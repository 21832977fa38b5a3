#!/bin/bash
# One process of a TensorFlow cluster of Slurm's tasks, for machines where Horovod is not built:
#   srun configs/cluster/slurm_task.sh .venv/tf2/bin/python train.py …
# Says to TensorFlow who the others are (TF_CONFIG), and takes the GPU of its number on this machine. Tasks are numbered
# machine by machine (srun --distribution=block, Slurm's default).
set -eu
port=$((20000 + SLURM_JOB_ID % 20000))
workers=''
for host in $(scontrol show hostnames "$SLURM_JOB_NODELIST"); do
    for ((task = 0; task < SLURM_NTASKS_PER_NODE; task++)); do
        workers="$workers${workers:+, }\"$host:$((port + task))\""
    done
done
export TF_CONFIG="{\"cluster\": {\"worker\": [$workers]}, \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
export CUDA_VISIBLE_DEVICES="$SLURM_LOCALID"
exec "$@"
