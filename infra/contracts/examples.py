"""One valid example of each body, by the name of its model; a test validates them."""

from typing import Any, Final

EXAMPLES: Final[dict[str, Any]] = {
    "RegisterUser": {
        "email": "ada@example.com",
        "password": "correct horse battery",
        "name": "Ada Lovelace",
    },
    "Login": {"email": "ada@example.com", "password": "correct horse battery"},
    "VerifyEmail": {"email": "ada@example.com", "code": "7K3M-9QXA"},
    "VerifyPhone": {"code": "5HX2-8RWN"},
    "RefreshSession": {"refresh_token": "the one of the last answer"},
    "Logout": {"all_sessions": False},
    "ResendVerification": {"email": "ada@example.com"},
    "RequestPasswordReset": {"email": "ada@example.com"},
    "ResetPassword": {
        "email": "ada@example.com",
        "code": "7K3M-9QXA",
        "password": "staple battery horse",
    },
    "UpdateProfile": {"name": "Ada King"},
    "UpdatePreferences": {
        "promotions": {"email": False},
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "time_zone": "Europe/London",
    },
    "SetUserRole": {"role": "operator"},
    "RegisterPushToken": {
        "platform": "ios",
        "token": "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad",
        "device": "Ada's phone",
    },
    "SetContactPoints": {
        "phone": "+491701234567",
        "webhook_url": "https://hooks.example.com/tidings",
    },
    "CreateProduct": {
        "sku": "PEN-01",
        "title": "Fountain pen",
        "description": "Writes well.",
        "price": {"amount": 1250, "currency": "EUR"},
        "stock": 40,
    },
    "UpdateProduct": {
        "version": 1,
        "price": {"amount": 990, "currency": "EUR"},
        "attributes": {"nib": "M"},
    },
    "SubscribeToStock": {"email": "ada@example.com", "language": "en"},
    "AdjustStock": {"change": 12, "reason": "A delivery came in."},
    "SetBasketLine": {"quantity": 2},
    "OrderBasket": {"state": "6b0152a6f6b097fd8ed20a9b"},
    "PlaceOrder": {"items": [{"product_id": "6b0152a6f6b097fd8ed20a9a", "quantity": 2}]},
    "CreateVoucher": {
        "name": "Spring sale",
        "code": "SPRING-10",
        "percent": "10",
        "currency": "EUR",
        "minimum": 2000,
        "total_limit": 500,
    },
    "UpdateVoucher": {"version": 1, "valid_until": "2099-05-31T22:00:00Z", "ended": False},
    "CancelOrder": {"reason": "Ordered twice."},
    "UpdateOrderStatus": {
        "state": "shipped",
        "carrier": "DHL",
        "tracking_number": "JD014600003828392837",
    },
    "LogPurchase": {
        "items": [{"product_id": "6b0152a6f6b097fd8ed20a9a", "quantity": 2}],
        "order_id": "till-3/4711",
        "purchased_at": "2026-11-20T17:00:00Z",
    },
    "LogBrowse": {"views": [{"product_id": "6b0152a6f6b097fd8ed20a9a"}]},
    "UpdateNotification": {
        "revision": 1,
        "variables": {"order_id": "4711", "state": "shipped"},
    },
    "SendNotification": {
        "notification_type": "email",
        "user_id": "6b0152a6f6b097fd8ed20a9a",
        "template_code": "order_status_update",
        "variables": {"order_id": "6b0152a6f6b097fd8ed20a9b", "state": "packed"},
        "request_id": "packing-station-4711",
        "priority": "urgent",
        "metadata": {"station": "4"},
    },
    "SendNotifications": {
        "notifications": [
            {
                "notification_type": "inbox",
                "user_id": "6b0152a6f6b097fd8ed20a9a",
                "template_code": "order_status_update",
                "variables": {"order_id": "6b0152a6f6b097fd8ed20a9b", "state": "packed"},
                "request_id": f"packing-station-{number}",
            }
            for number in (4712, 4713)
        ]
    },
    "MarkAllRead": {"up_to": "2026-12-01T17:00:00Z"},
    "StartServiceSession": {
        "client_id": "6b0152a6f6b097fd8ed20a9a",
        "client_secret": "the one that was shown once",
    },
    "CreateTask": {
        "title": "Call the carrier",
        "priority": "high",
        "due_at": "2026-12-01T17:00:00Z",
        "labels": ["shipping"],
    },
    "UpdateTask": {"version": 1, "state": "done"},
    "CreateTemplate": {
        "code": "spring_sale",
        "description": "A sale in spring.",
        "category": "promotions",
        "required_variables": ["voucher"],
        "sample_variables": {"voucher": "SPRING-10"},
        "variants": [
            {
                "language": "en",
                "inbox": {"title": "Spring is here", "body": "Your voucher: {{ voucher }}"},
            }
        ],
    },
    "UpdateTemplate": {
        "version": 1,
        "description": "A sale in spring.",
        "category": "promotions",
        "required_variables": ["voucher"],
        "sample_variables": {"voucher": "SPRING-10"},
        "variants": [
            {
                "language": "en",
                "inbox": {"title": "Spring is here", "body": "Your voucher: {{ voucher }}"},
            }
        ],
    },
    "PreviewTemplate": {"language": "de-AT", "variables": {"name": "Ada"}},
    "RollBackTemplate": {"version": 2, "to_version": 1},
    "CreateCampaign": {
        "name": "Winter days",
        "template_code": "promotion",
        "audience": {"bought_category": "pens", "inactive_days": 60, "language": "en"},
        "schedule": {"kind": "next_friday"},
        "voucher": "WINTER-10",
        "variables": {"message": "Everything for a cold evening."},
    },
    "EditCampaign": {
        "version": 1,
        "schedule": {"kind": "at", "at": "2099-12-01T17:00:00Z"},
        "variables": {"message": "Everything for a cold evening, and tea."},
    },
    "CopyCampaign": {"name": "Winter days, once more"},
    "SendCampaignTest": {"request_id": "winter-days-1", "language": "de"},
    "ChooseCampaignWinner": {"variant": "b"},
    "FindPerson": {"email": "ada@example.com"},
    "RedriveFailedMessages": {
        "filter": {"queue": "inventory", "state": "failed"},
        "rate": 20,
        "dry_run": True,
        "reason": "The cause is mended.",
    },
}
