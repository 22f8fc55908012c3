# The side whose servers are measured. The client starts and ends them by ssh; none runs by itself.
{ self, ... }:
{
  imports = [ self.nixosModules.server ];
}
