# The servers as an image. io_uring needs a seccomp profile that lets its three system calls through:
# the runtimes' default profiles refuse them.
{
  lib,
  dockerTools,
  subjects,
}:
dockerTools.buildLayeredImage {
  name = "io-uring-study";
  tag = "latest";
  contents = [ subjects ];
  config = {
    Cmd = [
      "/bin/kio-rs"
      "--listen"
      "0.0.0.0:8080"
    ];
    ExposedPorts."8080/tcp" = { };
    # Any user will do: nothing is written, and the port is not a privileged one.
    User = "65534:65534";
    Labels."org.opencontainers.image.licenses" = lib.concatStringsSep " OR " [
      "MIT"
      "Apache-2.0"
    ];
  };
}
