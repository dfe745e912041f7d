#include "DiscordSubsystem.h"

// Your application's id.
static const char* const ClientId = "1234";

void UDiscordSubsystem::Initialize(FSubsystemCollectionBase& Collection)
{
    Super::Initialize(Collection);
    Client = MakeUnique<gamebridge::Client>();
    Rpc = Client->connect("rpc", {{"/client_id", ClientId}});
    if (!Rpc)
    {
        UE_LOG(LogTemp, Warning, TEXT("Discord: %s"), UTF8_TO_TCHAR(gamebridge::last_error().c_str()));
        return;
    }
    // Waits for the connection, and is put back after each break.
    Rpc.send("SUBSCRIBE", {{"/evt", "ACTIVITY_JOIN"}});
    Ticker = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateUObject(this, &UDiscordSubsystem::Poll));
}

void UDiscordSubsystem::Deinitialize()
{
    FTSTicker::GetCoreTicker().RemoveTicker(Ticker);
    Client.Reset();
    Super::Deinitialize();
}

bool UDiscordSubsystem::Poll(float DeltaTime)
{
    for (const gamebridge::Event& Event : Client->poll())
    {
        if (Event.type() == GB_EVENT_DISPATCH && Event.name() == "ACTIVITY_JOIN")
        {
            OnJoin.Broadcast(UTF8_TO_TCHAR(Event["/secret"].text().c_str()));
        }
    }
    return true;
}

void UDiscordSubsystem::Show(const FString& State, const FString& PartyId, int32 PartySize, int32 PartyMax,
    const FString& JoinSecret)
{
    gamebridge::Activity Activity;
    Activity.state = TCHAR_TO_UTF8(*State);
    Activity.party_id = TCHAR_TO_UTF8(*PartyId);
    Activity.party_size = PartySize;
    Activity.party_max = PartyMax;
    Activity.join_secret = TCHAR_TO_UTF8(*JoinSecret);
    if (!Rpc.set_activity(Activity))
    {
        UE_LOG(LogTemp, Warning, TEXT("Discord: %s"), UTF8_TO_TCHAR(gamebridge::last_error().c_str()));
    }
}
