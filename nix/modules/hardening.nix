# What a server is not allowed: everything but TCP on its port, and the one program that has the kernel
# give connections to its workers in turn, as they are when they are measured.
let
  balancing = [ "CAP_BPF" ];
in
{
  DynamicUser = true;
  AmbientCapabilities = balancing;
  CapabilityBoundingSet = balancing;
  DevicePolicy = "closed";
  KeyringMode = "private";
  LockPersonality = true;
  MemoryDenyWriteExecute = true;
  NoNewPrivileges = true;
  PrivateDevices = true;
  PrivateIPC = true;
  PrivateMounts = true;
  PrivateTmp = true;
  # Capabilities of a namespace of its own would not count for BPF.
  PrivateUsers = false;
  ProcSubset = "pid";
  ProtectClock = true;
  ProtectControlGroups = true;
  ProtectHome = true;
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  ProtectProc = "invisible";
  ProtectSystem = "strict";
  RemoveIPC = true;
  RestrictAddressFamilies = [
    "AF_INET"
    "AF_INET6"
    "AF_UNIX"
  ];
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  SystemCallArchitectures = "native";
  SystemCallErrorNumber = "EPERM";
  SystemCallFilter = [
    "@system-service"
    "~@privileged"
    "bpf"
    # Named, so that they do not depend on what systemd has in its groups.
    "io_uring_enter"
    "io_uring_register"
    "io_uring_setup"
  ];
  UMask = "0077";
}
