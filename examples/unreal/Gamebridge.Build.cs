// gamebridge as a module of an Unreal project, without sources: where its headers and libraries lie, and what is
// shipped. It stands in Source/ThirdParty/Gamebridge/, with include/ and lib/ of an installed prefix beside it (docs/unreal.md).
using System.IO;
using UnrealBuildTool;

public class Gamebridge : ModuleRules
{
    public Gamebridge(ReadOnlyTargetRules Target) : base(Target)
    {
        Type = ModuleType.External;
        PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));

        if (Target.Platform == UnrealTargetPlatform.Win64)
        {
            PublicAdditionalLibraries.Add(Path.Combine(ModuleDirectory, "lib", "gamebridge.dll.lib"));
            // Loaded when its first function is called, from beside the game's own program.
            PublicDelayLoadDLLs.Add("gamebridge.dll");
            RuntimeDependencies.Add("$(BinaryOutputDir)/gamebridge.dll",
                Path.Combine(ModuleDirectory, "bin", "gamebridge.dll"));
        }
        else if (Target.Platform == UnrealTargetPlatform.Linux)
        {
            // Under its soname, which is what the game's program will look for beside itself.
            string Library = Path.Combine(ModuleDirectory, "lib", "libgamebridge.so.0.1");
            PublicAdditionalLibraries.Add(Library);
            RuntimeDependencies.Add("$(BinaryOutputDir)/libgamebridge.so.0.1", Library);
        }
        else if (Target.Platform == UnrealTargetPlatform.Mac)
        {
            string Library = Path.Combine(ModuleDirectory, "lib", "libgamebridge.0.1.dylib");
            PublicAdditionalLibraries.Add(Library);
            RuntimeDependencies.Add("$(BinaryOutputDir)/libgamebridge.0.1.dylib", Library);
        }
    }
}
