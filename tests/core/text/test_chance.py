"""What differs by chance is taken out of a message, and what names the kind of failure stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.text.chance import LONGEST, plain_message, without_chance

PAGE = (
    "<!DOCTYPE html>\n<html><head><title>{}</title><style>b{{margin:0}}</style></head><body>{}</body></html>"
)
TRACEBACK = 'Traceback (most recent call last):\n  File "/session/x.py", line {}, in f\n    g()\n{}'
SAME = [
    ("order 8812 not found", "order 17 not found"),
    ("connect to 10.0.0.7:5432 refused", "connect to 192.168.1.9:5432 refused"),
    ("connect to [2001:db8::1]:5432 refused", "connect to [2001:db8::7f]:5432 refused"),
    ("GET https://a.example.com/x?id=1 gave 503", "GET https://a.example.com/y gave 503"),
    ("GET https://9f2c1a77.example.dev/x failed", "GET https://b81d0e52.example.dev/x failed"),
    ("ENOTFOUND db-7.orders.internal", "ENOTFOUND db-12.orders.internal"),
    ("read ECONNRESET 10.0.0.1:51234", "read ECONNRESET 10.0.0.1:60001"),
    ("connect ECONNREFUSED [::1]:5432", "connect ECONNREFUSED [fe80::12]:5432"),
    ("Order ord_9Xk2LmQ not found", "Order ord_7Pq1ZzR not found"),
    ("Order ord_1Aa2Bb3 not found", "Order ord_5Qw3Er7 not found"),
    ("注文 A1029 が見つかりません", "注文 B7782 が見つかりません"),
    ("заказ АБ-1234 не найден", "заказ ВГ-9876 не найден"),
    ("bad sku A-1", "bad sku B-2"),
    ("D1_ERROR: no such row: 12 (ref: hsgfkdjsrt)", "D1_ERROR: no such row: 14 (ref: qpwoeirutz)"),
    ("hash mismatch: 9f86d081884c7d65", "hash mismatch: aaaabbbbccccdddd"),
    ('Request failed: {"message":"bad sku A-1","id":7}', 'Request failed: {"message":"bad sku B-2","id":8}'),
    ("no row 1f0c2a9e-0000-4000-8000-a1b2c3d4e5f6", "no row 9d3e4b11-aaaa-4bbb-8ccc-0123456789ab"),
    ("no row 1F0C2A9E00004000", "no row 9D3E4B11AAAA4BBB"),
    ("timed out at 2026-11-21T14:02:11.123Z", "timed out at 2026-11-20T01:00:00Z"),
    ("invalid date 2026-11-21", "invalid date 2025-01-02"),
    ("expired Sat, 21 Nov 2026 14:02:11 GMT", "expired Sun, 22 Nov 2026 01:00:00 GMT"),
    ("mail to ann@example.com bounced", "mail to bob.lee+x@example.net bounced"),
    ("почта ann@пример.рф", "почта bob@пример.рф"),
    ("cart-991 is locked", "cart-17 is locked"),
    ("db7.internal:5432 went away", "db12.internal:5432 went away"),
    ("took 1,204.5 ms\n    at charge (x.js:1)", "took 3 ms\n    at other (y.js:2)"),
    (
        "internal error; reference = g78nupdkn1j2ufhrecu7pd8m",
        "internal error; reference = subhugho2re78qb852ji8946",
    ),
    (
        "D1_ERROR: internal error; reference = pjmev7c342n814kn",
        "D1_ERROR: internal error; reference = uqc8s6k5a3t1stom",
    ),
    ("request id: bcdfghjklmnpqrst failed", "request id: tsrqpnmlkjhgfdcb failed"),
    ("No such buyer: 'cus_NaaaFeUaaV2Hib'", "No such buyer: 'cus_QwErTyUiOpAsdf'"),
    ("charge ch_3MmlLrLkdIwHu7ix0snN0B15 declined", "charge ch_1NirD82eZvKYlo2CIvbtLWuY declined"),
    ("lock 01ARZ3NDEKTSV4RRFFQ69G5FAV held", "lock 01BX5ZZKBKACTAV9WEVGEMMVRZ held"),
    ("session V1StGXR8_Z5jdHi6B-myT gone", "session q0Xo2Wc9_b7KfLm3A-zzT gone"),
    ("bad signature dGhpcyBpcyBhIHRlc3QgMQ==", "bad signature b3RoZXIgc2VjcmV0IDEyMw=="),
    ("no key 64b7f9a2c3d4e5f60718293a", "no key 507f1f77bcf86cd799439011"),
    ("pointer 0x7ffe12 is bad", "pointer 0xdeadbeef is bad"),
    ("open '/tmp/a1/in.csv': no such file", "open '/tmp/b2/other.csv': no such file"),
    ("cannot read /data/acme/2026/in.json", "cannot read /data/globex/2025/out.json"),
    (r"cannot read C:\data\acme\in.json", r"cannot read C:\data\globex\in.json"),
    ("DELETE /orders/8812/items failed", "DELETE /orders/17/items failed"),
    ("заказ 17 не найден", "заказ 9000 не найден"),
    ("注文 17 が見つかりません", "注文 42 が見つかりません"),
    ("picture 1/3 failed", "picture 2/3 failed"),
    ("Execution timed out after 1500ms", "Execution timed out after 86400000ms"),
    ("PaymentError: card 2 declined", "PaymentError: card 3 declined"),
    ("Error: PaymentError: card declined", "PaymentError: card declined"),
    (PAGE.format("502 Bad Gateway", "ray 9f1"), PAGE.format("502 Bad Gateway", "ray 77e")),
    (PAGE.format("Order 17 missing", "a"), PAGE.format("Order 18 missing", "b")),
    (
        '{"error":{"code":429,"message":"quota exceeded","request_id":"req_9fA2kLm"}}',
        '{"error":{"code":429,"message":"quota exceeded","request_id":"req_7bXQpTz"}}',
    ),
    (
        '{"errors":[{"code":7003,"message":"no route"}],"at":1}',
        '{"errors":[{"code":7003,"message":"no route"}],"at":2}',
    ),
    ('upstream said {"message":"no stock"}', 'upstream said {"message":"no stock","trace":"abc"}'),
    ('[{"message":"bad row 1"}]', '[{"message":"bad row 2"}]'),
    (
        TRACEBACK.format(1, "ValueError: price is negative"),
        TRACEBACK.format(99, "ValueError: price is negative"),
    ),
    ("worker deadbeef01 died", "worker 0badcafe99 died"),
    ("user_8842 is locked", "user_17 is locked"),
    ("tenant acme-prod-0017 is over quota", "tenant acme-prod-0018 is over quota"),
    ("at 14:02:11 the lock was lost", "at 01:00 the lock was lost"),
    ("balance -12.50 is too low", "balance 3 is too low"),
    ('Step threw a NonRetryableError with message "order 3 is gone"', "order 9 is gone"),
    (
        "Stripe: No such payment_intent: 'pi_3NqXyZ2eZvKYlo2C1gFJKLmn'",
        "Stripe: No such payment_intent: 'pi_3OaBcD2eZvKYlo2C0hGhIjkl'",
    ),
    ("Row with id=clh3k2x0y0000qz8v9k1m2n3o not found", "Row with id=clz9a8b7c0001qz8vabcdefgh not found"),
    ("Invoice INV-2026-00042 already exists", "Invoice INV-2026-00043 already exists"),
    ("Lock wait timeout for key order:8812:lock", "Lock wait timeout for key order:17:lock"),
    (
        "failed to fetch https://api.shop.example.com/v1/orders/8812 after 3 retries",
        "failed to fetch https://api.shop.example.com/v1/orders/9 after 3 retries",
    ),
    ("R2 object invoices/2026/11/8812.pdf not found", "R2 object invoices/2026/11/17.pdf not found"),
    ("KV key session:9f1c2a7e8b missing", "KV key session:77aa01bc9d missing"),
    ("Request failed (ray 8f1c2d3e4a5b6c7d-FRA)", "Request failed (ray 7a1c2d3e4a5b6c11-AMS)"),
    ("cannot charge €12.50", "cannot charge €1,204.00"),
    ("cannot charge $12.50 to card ending 4242", "cannot charge $7 to card ending 1881"),
    (
        "Duplicate entry 'ann@example.com' for key 'users.email'",
        "Duplicate entry 'bob@example.com' for key 'users.email'",
    ),
    (
        'duplicate key value violates unique constraint "users_pkey" DETAIL: Key (id)=(8812) already exists.',
        'duplicate key value violates unique constraint "users_pkey" DETAIL: Key (id)=(17) already exists.',
    ),
    ("Timeout after 30000 ms waiting for job 0b5f3c1e", "Timeout after 30000 ms waiting for job 9c77ab01"),
    ("memory limit exceeded: 129 MB used", "memory limit exceeded: 131 MB used"),
    ("Unexpected token < in JSON at position 0", "Unexpected token < in JSON at position 17"),
    ("phone +49 170 1234567 is invalid", "phone +44 20 7946 0958 is invalid"),
    ("IBAN DE89370400440532013000 rejected", "IBAN GB29NWBK60161331926819 rejected"),
    ("shard 7 of 64 is down", "shard 12 of 64 is down"),
    ("job nightly-2026-11-21 missed its window", "job nightly-2026-11-22 missed its window"),
    ("order №8812 не оплачен", "order №17 не оплачен"),
    ("订单 8812 不存在", "订单 17 不存在"),
    ("tracking number 1Z999AA10123456784 unknown", "tracking number 1Z12345E0205271688 unknown"),
    ("sku HOODIE-S-2231 out of stock", "sku HOODIE-S-9981 out of stock"),
    ("workspace T02ABCD1234 has no channel C03EFGH5678", "workspace T09ZYXW9876 has no channel C01IJKL4321"),
    (
        "message too old: 2026-11-21 14:02:11.123456+00:00",
        "message too old: 2026-11-20 01:00:00.000001+00:00",
    ),
    ("commit 3f2a9c1 not found", "commit 77ab012 not found"),
    ("lat 52.5200, lon 13.4050 is outside", "lat 48.8566, lon 2.3522 is outside"),
]
APART = [
    ("(502)", "(504)"),
    ("502", "504"),
    ("fetch failed (502)", "fetch failed (504)"),
    ("connect ECONNREFUSED 10.0.0.1:5432", "connect ECONNREFUSED 10.0.0.1:6379"),
    ("connect ECONNREFUSED [::1]:5432", "connect ECONNREFUSED [::1]:6379"),
    ("connect db.internal:5432 refused", "connect db.internal:6379 refused"),
    ("Error 0x80070005", "Error 0x80004005"),
    ("HRESULT: 0x80131500", "HRESULT: 0x80131509"),
    ("TLS1.2 refused", "TLS1.3 refused"),
    ("TLSv1.2 handshake failed", "TLSv1.3 handshake failed"),
    ("GET https://api.stripe.example/x failed", "GET https://api.mail.example/x failed"),
    ("ENOTFOUND api.stripe.example", "ENOTFOUND api.mail.example"),
    (
        "java.lang.RuntimeException: wrapped\n\tat a.B.c(B.java:3)\nCaused by: a.ConnectException: refused",
        "java.lang.RuntimeException: wrapped\n\tat a.B.c(B.java:3)\nCaused by: a.SQLException: locked",
    ),
    ("reference: customer missing", "reference: supplier missing"),
    ("Order failed at P2002", "Order failed at P2025"),
    ("注文 エラー P2002", "注文 エラー P2025"),
    ("base64 decode failed", "utf8 decode failed"),
    ("D1_ERROR: no such table: orders", "D1_ERROR: no such column: price"),
    ("D1_ERROR: no such table: orders", "D1_ERROR: no such table: customers"),
    ("Network connection lost.", "Internal error in Durable Object storage write caused object to be reset."),
    ("insufficient_funds", "expired_card"),
    ("code: card_declined", "code: expired_card"),
    ("P2002", "P2025"),
    (
        "PrismaClientKnownRequestError: P2002 Unique constraint failed",
        "PrismaClientKnownRequestError: P2025 Record not found",
    ),
    ("ECONNREFUSED 10.0.0.1:5432", "ECONNRESET 10.0.0.1:5432"),
    ("ENOTFOUND api.example.com", "ETIMEDOUT api.example.com"),
    ("AxiosError: Request failed with status code 502", "AxiosError: Request failed with status code 404"),
    ("fetch failed: 401 Unauthorized", "fetch failed: 403 Forbidden"),
    ("429 Too Many Requests", "503 Service Unavailable"),
    ("Worker exceeded CPU time limit.", "Worker exceeded memory limit."),
    ("missing field 'email'", "missing field 'name'"),
    ("unknown plan 'gold'", "unknown plan 'silver'"),
    ("S3 error NoSuchKey", "S3 error AccessDenied"),
    ("grpc status 14 UNAVAILABLE", "grpc status 7 PERMISSION_DENIED"),
    ('GraphQL: Cannot query field "price"', 'GraphQL: Cannot query field "stock"'),
    ("TS2345: Argument of type", "TS2322: Type is not assignable"),
    ("error 1015", "error 1020"),
    ("HTTP/2 500", "HTTP/2 503"),
    ("exit status 2", "exit status 127"),
    ("SIGKILL", "SIGTERM"),
    ("signal 9", "signal 15"),
    ("reserve failed: no stock", "reserve failed: locked"),
    ('step "load" failed', 'step "ship" failed'),
    ("card declined: insufficient funds", "card declined: expired"),
    ("order not found", "customer not found"),
    ("customer not found", "invoice not found"),
    ("order 17 not found", "customer 17 not found"),
    ("connection refused", "connection reset"),
    ("HTTP 502", "HTTP 504"),
    ("502 Bad Gateway", "504 Gateway Timeout"),
    ("upstream returned 404", "upstream returned 500"),
    ("GET https://a.example.com/x gave 503", "GET https://a.example.com/x gave 404"),
    ("fetch /orders/17 404", "fetch /orders/17 500"),
    ("status code: 401", "status code: 403"),
    ("exit code 1", "exit code 137"),
    ("errno 13", "errno 28"),
    ("SQLSTATE 23505", "SQLSTATE 40001"),
    ("ORA-00942: table or view does not exist", "ORA-01017: table or view does not exist"),
    ("E11000 duplicate key", "E11001 duplicate key"),
    (
        "cannot read properties of undefined (reading 'price')",
        "cannot read properties of undefined (reading 'name')",
    ),
    (PAGE.format("502 Bad Gateway", ""), PAGE.format("504 Gateway Timeout", "")),
    (
        '{"error":{"code":429,"message":"quota exceeded"}}',
        '{"error":{"code":404,"message":"model not found"}}',
    ),
    ('{"code":1,"message":"x is bad"}', '{"code":2,"message":"x is bad"}'),
    (
        TRACEBACK.format(1, "ValueError: price is negative"),
        TRACEBACK.format(1, "ValueError: price is missing"),
    ),
    ("getUserById failed", "getUserByName failed"),
    ("DELETE /orders/17 failed", "DELETE /customers/17 failed"),
    ("заказ 17 не найден", "клиент 17 не найден"),
    ("charge_card failed", "reserve_stock failed"),
    ("cart-1 is locked", "order-1 is locked"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_chance_is_taken_out(left, right):
    assert plain_message(left) == plain_message(right)


@pytest.mark.parametrize(("left", "right"), APART)
def test_kinds_stay_apart(left, right):
    assert plain_message(left) != plain_message(right)


@pytest.mark.parametrize(
    "message",
    [
        "HTTP2StreamError: stream closed",
        "unknown collation utf8mb4_general_ci",
        "x509: certificate signed by unknown authority",
        "oauth2callback failed",
        "Worker exceeded CPU time limit.",
        "getUserByIdAndName is not a function",
    ],
)
def test_words_of_the_trade_stay(message):
    assert without_chance(message) == message


@given(st.text(max_size=300))
def test_any_message_gives_one_line(message):
    assert "\n" not in plain_message(message)


@given(st.text(max_size=300))
def test_taking_out_chance_twice_changes_nothing(message):
    plain = without_chance(message)
    assert without_chance(plain) == plain


def test_a_megabyte_is_looked_at_in_part_only():
    assert len(plain_message("x" * 1_000_000)) <= LONGEST
