# The published card's own server, `tcp_demo` of kio, as the arm `kio-cpp`. Its source is as published but
# for two numbers, which the environment may give: the listener's port and the number of workers.
{
  lib,
  clangStdenv,
  fetchFromGitHub,
  cmake,
  liburing,
  pkg-config,
}:
clangStdenv.mkDerivation {
  pname = "kio-cpp";
  version = "0-unstable-2025-11-08";
  src = fetchFromGitHub {
    owner = "ynachi";
    repo = "kio";
    rev = "0690a4188caad39248aa0eda616407b19c480ab1";
    hash = "sha256-nfOv1OavDyLaP2MP3CzvyMZhGrkxo3pptvUrnuIn8VI=";
  };
  nativeBuildInputs = [
    cmake
    pkg-config
  ];
  buildInputs = [ liburing ];
  postPatch = ''
    substituteInPlace demo/tcp.cpp \
      --replace-fail 'create_tcp_socket("0.0.0.0", 8080,' 'create_tcp_socket("0.0.0.0", from_environment("PORT", 8080),' \
      --replace-fail 'IOPool pool(8,' 'IOPool pool(from_environment("WORKERS", 8),' \
      --replace-fail 'int main()' 'static int from_environment(const char* name, int otherwise)
    {
        const char* value = std::getenv(name);
        return value == nullptr ? otherwise : std::atoi(value);
    }

    int main()'
  '';
  # The card's build type; nothing of it but the server.
  cmakeFlags = [
    (lib.cmakeFeature "CMAKE_BUILD_TYPE" "Release")
    (lib.cmakeBool "KIO_BUILD_TESTS" false)
    (lib.cmakeBool "KIO_BUILD_BENCHMARKS" false)
  ];
  buildFlags = [ "tcp_demo" ];
  installPhase = ''
    runHook preInstall
    install -D demo/tcp_demo "$out/bin/kio-cpp"
    runHook postInstall
  '';
  meta = {
    description = "The HTTP demo of the C++ runtime kio that the published card measured";
    homepage = "https://github.com/ynachi/kio";
    license = lib.licenses.mit;
    mainProgram = "kio-cpp";
    platforms = lib.platforms.linux;
  };
}
