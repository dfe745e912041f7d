// Discord for a game: one object as long as the game runs, polled once a frame. Blueprints set the presence and are
// told of joins.
#pragma once

#include "CoreMinimal.h"
#include "Subsystems/GameInstanceSubsystem.h"
#include "Containers/Ticker.h"

THIRD_PARTY_INCLUDES_START
#include "gamebridge.hpp"
THIRD_PARTY_INCLUDES_END

#include "DiscordSubsystem.generated.h"

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FDiscordJoin, const FString&, Secret);

UCLASS()
class UDiscordSubsystem : public UGameInstanceSubsystem
{
    GENERATED_BODY()

public:
    // The friend's game gave this secret: join its party.
    UPROPERTY(BlueprintAssignable)
    FDiscordJoin OnJoin;

    UFUNCTION(BlueprintCallable)
    void Show(const FString& State, const FString& PartyId, int32 PartySize, int32 PartyMax, const FString& JoinSecret);

    virtual void Initialize(FSubsystemCollectionBase& Collection) override;
    virtual void Deinitialize() override;

private:
    bool Poll(float DeltaTime);

    TUniquePtr<gamebridge::Client> Client;
    gamebridge::Connection Rpc;
    FTSTicker::FDelegateHandle Ticker;
};
