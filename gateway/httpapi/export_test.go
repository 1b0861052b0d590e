package httpapi

import "github.com/gofiber/fiber/v2"

// ServedRoutes are the routes as fiber has them.
func ServedRoutes() []fiber.Route { return (&api{}).application().GetRoutes(true) }

// OpenAPIJSON is the document in its JSON form.
func OpenAPIJSON() ([]byte, error) { return openAPIJSON() }
