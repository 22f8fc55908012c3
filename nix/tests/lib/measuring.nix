# A machine of the tests that measure. It has little, so a figure from it says nothing but that it came.
{ self }:
{
  imports = with self.nixosModules; [
    bench
    tuning
  ];
  study.tuning.enable = true;
  virtualisation.cores = 2;
  virtualisation.memorySize = 2048;
}
