module heddle.test/gateway-api

go 1.24
